import { randomUUID } from 'node:crypto';
import { StartError } from '../../common/start-error.js';
import type { EventView } from '../../events/events.schemas.js';
import type { EventType } from '../../events/event-types.js';
import type { LoginResult } from '../../auth/auth.schemas.js';
import type { PlatformCode } from '../../platforms/platform.js';
import type { MerchantAccountView } from '../../tenancy/merchant-accounts.schemas.js';
import type { PlatformAccountView } from '../../tenancy/platform-accounts.schemas.js';
import { askJson } from '../remote/ask-json.js';
import type { ApiQuestion } from '../remote/remote-api.js';
import type { RemoteApp } from '../remote/remote-app.js';
import { type EventFilter, newestPosition } from '../remote/remote-events.js';
import { untilEvent } from './until-event.js';
import type { Expected } from './scene.js';

export interface Money {
  /** Fen. */
  readonly amount: number;
  readonly reference?: string;
}

export interface StageOptions {
  /** The only platform on which it may happen; the first that fits when left out. */
  readonly platform?: PlatformCode | undefined;
  /** The person in the sandbox. */
  readonly user?: string | undefined;
  /** What is paid, and the developer's own number of it. */
  readonly money: Money;
  /** Tells the developer what is being done. */
  readonly say: (line: string) => void;
}

export type Program = Pick<PlatformAccountView, 'id' | 'platform' | 'platformAppId'>;
export type PayingProgram = Program & { readonly merchantId: string };

/** Somebody who has logged in. */
export interface Person extends Pick<LoginResult, 'accessToken' | 'user' | 'identity'> {
  readonly name: string;
}

interface Page<T> {
  readonly data: readonly T[];
}

/** A test app and its sandbox, with the people and the developer's server that act in them. */
export class Stage {
  constructor(
    private readonly app: RemoteApp,
    private readonly options: StageOptions,
  ) {}

  /** A request of the developer's server, or of the caller that the question names. */
  ask<T>(path: string, question?: ApiQuestion): Promise<T> {
    return this.app.api.ask<T>(path, question);
  }

  /** The sandbox's own surface, `/_/…`. Throws RemoteError. */
  sandbox<T>(action: string, body: object): Promise<T> {
    const { sandboxUrl } = this.app;
    return askJson<T>(`The sandbox at ${sandboxUrl}`, new URL(`${sandboxUrl}/_/${action}`), { body });
  }

  get money(): Money {
    return this.options.money;
  }

  say(line: string): void {
    this.options.say(line);
  }

  newest(filter: EventFilter): Promise<number> {
    return newestPosition(this.app.api, filter);
  }

  until(type: EventType, expected: Expected): Promise<EventView> {
    return untilEvent(this.app.api, type, expected);
  }

  /** The app's mini-programs where it may happen, one of each platform. Throws StartError when they are fewer than `count`. */
  async programs(platforms: readonly PlatformCode[], count = 1): Promise<[Program, ...Program[]]> {
    const { data } = await this.ask<Page<PlatformAccountView>>('/v1/platform-accounts?limit=100');
    return this.#chosen(platforms, data.filter(isActive), {
      count,
      what: 'active mini-program',
      how: 'POST /v1/platform-accounts',
    });
  }

  /** Those of them that can take payments. Throws StartError like `programs`. */
  async paying(platforms: readonly PlatformCode[], count = 1): Promise<[PayingProgram, ...PayingProgram[]]> {
    const merchants = await this.ask<Page<MerchantAccountView>>('/v1/merchant-accounts?limit=100');
    const programs = await this.ask<Page<PlatformAccountView>>('/v1/platform-accounts?limit=100');
    const paying = programs.data.filter(isActive).flatMap((program): PayingProgram[] => {
      const there = merchants.data.filter((one) => isActive(one) && one.platform === program.platform);
      const merchant = there.find(({ id }) => id === program.defaultMerchantAccountId) ?? there[0];
      return merchant ? [{ ...program, merchantId: merchant.merchantId }] : [];
    });
    return this.#chosen(platforms, paying, {
      count,
      what: 'active mini-program whose platform has an active merchant account',
      how: 'POST /v1/platform-accounts and POST /v1/merchant-accounts',
    });
  }

  /** A person whom the app has never seen, or the one that the developer names. */
  async person(program: Program, name = this.options.user ?? `trigger-${randomUUID().slice(0, 8)}`): Promise<Person> {
    const login = await this.ask<LoginResult>('/v1/auth/login', {
      appId: this.app.id,
      body: await this.loginCode(program, name),
    });
    this.say(`${name} logs in on ${program.platform}: ${login.user.id}${login.user.isNew ? ', a new user' : ''}`);
    return { ...login, name };
  }

  /** What the platform's client gives a person to log in with. */
  async loginCode({ platform, platformAppId }: Program, user: string): Promise<object> {
    const { code } = await this.sandbox<{ code: string }>('login', { platform, platformAppId, user });
    return { platform, platformAppId, code };
  }

  /** The next call, or callback, that concerns this mini-program or its merchant goes wrong. */
  async fault({ platform, platformAppId, merchantId }: PayingProgram, kind: string, match: object, over: object = {}) {
    // WeChat Pay knows merchants; for the others the mini-program is the account.
    const account = platform === 'wechat' ? { merchantId } : { platformAppId };
    await this.sandbox('faults', { match: { platform, ...account, ...match }, kind, ...over });
  }

  /** The first of each platform, the platform that the developer names before the others. */
  #chosen<T extends Program>(
    platforms: readonly PlatformCode[],
    found: readonly T[],
    { count, what, how }: { count: number; what: string; how: string },
  ): [T, ...T[]] {
    const { platform } = this.options;
    if (platform !== undefined && !platforms.includes(platform)) {
      throw new StartError(`This does not happen on ${platform}, but on ${either(platforms)}: leave out --platform.`);
    }
    const others = count > 1 || platform === undefined ? platforms.filter((one) => one !== platform) : [];
    const wanted = platform === undefined ? others : [platform, ...others];
    const [first, ...more] = wanted.flatMap((code) => found.find((one) => one.platform === code) ?? []);
    if (first && more.length + 1 >= count) return [first, ...more.slice(0, count - 1)];
    const need =
      count === 1 ? `no ${what} on ${either(wanted)}` : `an ${what} on fewer than ${count} of ${wanted.join(', ')}`;
    throw new StartError(`The app ${this.app.id} has ${need}: make one by ${how}, or use the demo app's key.`);
  }
}

/** `a, b or c` */
const either = (words: readonly string[]): string => words.join(', ').replace(/, ([^,]*)$/, ' or $1');

const isActive = ({ status }: { readonly status: string }): boolean => status === 'active';
