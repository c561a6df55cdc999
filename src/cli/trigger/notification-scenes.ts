import { randomInt } from 'node:crypto';
import { PLATFORM_CODES, type PlatformCode } from '../../platforms/platform.js';
import { agreed, formOn, spoil, switchOff, write } from './notification-steps.js';
import type { Scene } from './scene.js';

/** With which the platform says that it does not take the content. */
const DATA_REFUSED: Readonly<Record<PlatformCode, string>> = {
  wechat: '47003',
  alipay: 'DATA_SENSITIVE',
  douyin: '1008',
};
const SECOND_MS = 1_000;
const HOUR_MS = 3_600 * SECOND_MS;

export const notificationSent: Scene = {
  does: 'a person agrees to be written to, and your server writes',
  platforms: PLATFORM_CODES,
  async play(stage, platforms) {
    const form = await formOn(stage, platforms);
    const { id } = await write(stage, form, await agreed(stage, form));
    return { streamId: id };
  },
};

export const notificationRefused: Scene = {
  does: 'a person who has agreed takes that back, and your server writes all the same',
  platforms: PLATFORM_CODES,
  async play(stage, platforms) {
    const form = await formOn(stage, platforms);
    const person = await agreed(stage, form);
    await switchOff(stage, form, person);
    const { id } = await write(stage, form, person);
    return { streamId: id };
  },
};

export const notificationFailed: Scene = {
  does: 'your server writes, and the platform does not like the content',
  platforms: PLATFORM_CODES,
  async play(stage, platforms) {
    const form = await formOn(stage, platforms);
    const person = await agreed(stage, form);
    await spoil(stage, form, 'code', { code: DATA_REFUSED[form.program.platform] });
    const { id } = await write(stage, form, person);
    return { streamId: id };
  },
};

export const notificationUnknown: Scene = {
  does: 'your server writes, and the platform does not answer; that takes five seconds',
  platforms: PLATFORM_CODES,
  async play(stage, platforms) {
    const form = await formOn(stage, platforms);
    const person = await agreed(stage, form);
    await spoil(stage, form, 'timeout_before');
    const { id } = await write(stage, form, person);
    return { streamId: id };
  },
};

export const notificationCanceled: Scene = {
  does: 'your server asks for a message tomorrow, and cancels it',
  platforms: PLATFORM_CODES,
  async play(stage, platforms) {
    const form = await formOn(stage, platforms);
    const { id } = await write(stage, form, await agreed(stage, form), { sendAt: isoIn(24 * HOUR_MS) });
    await stage.ask(`/v1/notifications/${id}/cancel`, { method: 'POST' });
    stage.say('Your server cancels it');
    return { streamId: id };
  },
};

export const notificationExpired: Scene = {
  does: 'your server writes in quiet hours, and the message is worth nothing at their end; that takes some seconds',
  platforms: PLATFORM_CODES,
  async play(stage, platforms) {
    const form = await formOn(stage, platforms);
    const person = await agreed(stage, form);
    const quietHours = { from: clockIn(-HOUR_MS), to: clockIn(2 * HOUR_MS), timeZone: 'UTC' };
    const { id } = await write(stage, form, person, { quietHours, expiresAt: isoIn(3 * SECOND_MS) });
    return { streamId: id };
  },
};

export const pushReceived: Scene = {
  does: 'a person writes to your mini-program',
  platforms: ['wechat', 'douyin'],
  async play(stage, platforms) {
    const [program] = await stage.programs(platforms);
    const { name } = await stage.person(program);
    const { platform, platformAppId } = program;
    const after = await stage.newest({ type: 'push.received' });
    const message = { MsgType: 'text', Content: 'Hello', MsgId: String(randomInt(2 ** 47)) };
    await stage.sandbox('push', { platform, platformAppId, user: name, message });
    stage.say(`${name} writes "${message.Content}"`);
    return {
      after,
      isIt: ({ data }) => data['platformAccountId'] === program.id && data['pushType'] === message.MsgType,
    };
  },
};

const isoIn = (ms: number): string => new Date(Date.now() + ms).toISOString();

/** The time of day in UTC. */
const clockIn = (ms: number): string => isoIn(ms).slice(11, 16);
