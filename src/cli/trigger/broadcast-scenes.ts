import { PLATFORM_CODES, type PlatformCode } from '../../platforms/platform.js';
import { agreed, formOn, writeToAll } from './notification-steps.js';
import type { Scene } from './scene.js';
import type { Stage } from './stage.js';

/** So many may have agreed before. */
const COMPLETED_S = 120;
const DAY_MS = 86_400_000;

export const broadcastCompleted: Scene = {
  does: 'your server writes to all who have agreed, and that is done',
  platforms: PLATFORM_CODES,
  async play(stage, platforms) {
    const form = await formOn(stage, platforms);
    await agreed(stage, form);
    const { id } = await writeToAll(stage, form);
    return { streamId: id, seconds: COMPLETED_S };
  },
};

export const broadcastPaused: Scene = {
  does: 'your server pauses what is to be sent to all tomorrow',
  platforms: PLATFORM_CODES,
  async play(stage, platforms) {
    const id = await tomorrow(stage, platforms);
    await act(stage, id, 'pause');
    await act(stage, id, 'cancel'); // nothing is left behind
    return { streamId: id };
  },
};

export const broadcastCanceled: Scene = {
  does: 'your server cancels what is to be sent to all tomorrow',
  platforms: PLATFORM_CODES,
  async play(stage, platforms) {
    const id = await tomorrow(stage, platforms);
    await act(stage, id, 'cancel');
    return { streamId: id };
  },
};

/** Nobody gets it: it is stopped before. */
async function tomorrow(stage: Stage, platforms: readonly PlatformCode[]): Promise<string> {
  const form = await formOn(stage, platforms);
  return (await writeToAll(stage, form, { sendAt: new Date(Date.now() + DAY_MS).toISOString() })).id;
}

async function act(stage: Stage, id: string, verb: 'pause' | 'cancel'): Promise<void> {
  await stage.ask(`/v1/broadcasts/${id}/${verb}`, { method: 'POST' });
  stage.say(`Your server asks for it: ${verb}`);
}
