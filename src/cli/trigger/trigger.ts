import { StartError } from '../../common/start-error.js';
import type { EventView } from '../../events/events.schemas.js';
import { EVENT_TYPES, type EventType } from '../../events/event-types.js';
import { PLATFORM_CODES, type PlatformCode } from '../../platforms/platform.js';
import { type RemoteOptions, remoteApp } from '../remote/remote-app.js';
import { SCENES } from './scenes.js';
import { type Money, Stage } from './stage.js';

export interface TriggerOptions extends RemoteOptions {
  readonly list?: boolean;
  readonly platform?: string;
  readonly user?: string;
  /** Fen. */
  readonly amount: string;
  readonly reference?: string;
}

/** `minibase trigger`: makes an event happen, and prints it as it can be read at `GET /v1/events`. */
export async function trigger(type: string | undefined, options: TriggerOptions): Promise<void> {
  if (options.list || type === undefined) {
    process.stdout.write(list());
    return;
  }
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  process.stdout.write(`${JSON.stringify(await bringAbout(type, options, say), null, 2)}\n`);
}

/** Plays the scene of a type, and gives its event. `say` is told what is being done. Throws StartError. */
export async function bringAbout(
  type: string,
  options: TriggerOptions,
  say: (line: string) => void,
): Promise<EventView> {
  if (!isType(type)) throw new StartError(`There is no event ${type}: minibase trigger --list shows them.`);
  const scene = SCENES[type];
  if ('whyNot' in scene) throw new StartError(`${type} cannot be triggered: ${scene.whyNot}`);
  const app = await remoteApp(options);
  if (app.mode !== 'test') {
    throw new StartError('This is the key of a live app; only in a test app, whose platforms the sandbox plays, can events be triggered.'); // prettier-ignore
  }
  const { user, platform } = options;
  const stage = new Stage(app, { platform: platformOf(platform), user, money: moneyOf(options), say });
  return stage.until(type, await scene.play(stage, scene.platforms));
}

const isType = (type: string): type is EventType => Object.hasOwn(EVENT_TYPES, type);

function platformOf(text: string | undefined): PlatformCode | undefined {
  const platform = PLATFORM_CODES.find((code) => code === text);
  if (text === undefined || platform) return platform;
  throw new StartError(`--platform must be one of ${PLATFORM_CODES.join(', ')}.`);
}

function moneyOf({ amount, reference }: TriggerOptions): Money {
  if (!/^[1-9]\d{0,9}$/.test(amount)) throw new StartError('--amount must be a number of fen, such as 990.');
  return { amount: Number(amount), ...(reference !== undefined && { reference }) };
}

/** What can be triggered and how, then what cannot and why. */
function list(): string {
  const entries = Object.entries(SCENES);
  const width = Math.max(...entries.map(([type]) => type.length)) + 2;
  const can = entries.flatMap(([type, scene]) => ('does' in scene ? [`${type.padEnd(width)}${scene.does}`] : []));
  const cannot = entries.flatMap(([type, one]) => ('whyNot' in one ? [`${type.padEnd(width)}${one.whyNot}`] : []));
  return [...can, '', 'Not by this command:', '', ...cannot, ''].join('\n');
}
