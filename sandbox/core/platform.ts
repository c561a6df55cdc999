import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import type { Account, AccountBook } from './accounts.js';
import type { Phones } from './phones.js';
import type { RateWindow } from './rate-window.js';
import type { Row, Table } from './store.js';

/**
 * What a platform folder gives and gets. A platform is one function `(world: World) => Platform`, named once in
 * `platforms.ts`. The core listens, applies faults, writes the calls log, and flushes every change to the disk before
 * an answer leaves; a platform parses bytes, decides, and answers as its real counterpart does.
 *
 * One rule for handlers: between the last check and the change that depends on it there is no `await`. Then a code is
 * used once however many requests race for it.
 */
export type PlatformFactory = (world: World) => Platform;

export interface Platform<Credentials extends object = object> {
  /** `wechat`, `alipay`, `douyin`, … */
  readonly code: string;
  /** A new id of the form that the platform's console gives to a mini-program. */
  newPlatformAppId(): string;
  /**
   * Credentials to keep for an account: those that were given, else those it had, else new ones.
   * `given` is what the caller sent as `credentials`; throw what zod throws, or a SandboxError, when it is wrong.
   */
  issueCredentials(given: unknown, previous: Credentials | undefined): Credentials | Promise<Credentials>;
  /** What the platform's console would show of them. */
  showCredentials(credentials: Credentials): object;
  readonly routes: readonly Route[];
  /** Whom and what a call is about, for faults and the calls log. Must not throw, whatever arrived. */
  describe(call: Call): CallSubject;
  /** The platform's own "busy, try again". */
  busy(call: Call): Answer;
  /** The platform's own error with this code; the request has no effect. */
  refuse(call: Call, code: string): Answer;
  /** The form of the codes that `refuse` can say. */
  readonly errorCode: RegExp;
  /** Fault kinds that this platform plays itself: they arrive at its handlers as `call.fault`. */
  readonly faults?: readonly PlatformFault[];
  /** What a person with a phone, or a tester, does on this platform: `POST /_/<name>`. */
  readonly actions: Readonly<Partial<Record<ActionName, Action>>>;
}

/** What the core lends to a platform. */
export interface World {
  /** Protocol time in ms: signatures, codes, tokens, sessions. Never moves with business time. */
  now(): number;
  /** Business time in ms of one account: orders, contracts, callbacks. */
  businessNow(account: Account): number;
  /** A durable table; name it `<platform>.<noun>`. */
  table<R extends Row>(name: string): Table<R>;
  /** The registered programs of one platform. */
  accounts<Credentials extends object>(platform: string): AccountBook<Credentials>;
  /** The phone numbers of people. */
  readonly phones: Phones;
  /** Counts per key in windows of `milliseconds`; in memory. */
  rateWindow(milliseconds: number): RateWindow;
}

export interface Route {
  /** Methods the route answers, also those that it only answers with an error. */
  readonly methods: readonly ('GET' | 'POST')[];
  /** With or without a trailing slash, both are served. */
  readonly path: string;
  handle(call: Call): Answer | Promise<Answer>;
}

/** One request to a platform, as it arrived. */
export interface Call {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** The path with the query, as it was sent: some platforms sign it. */
  readonly url: string;
  /** Decoded; of a repeated name the first value. */
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  /** The raw bytes; empty when there was no body. */
  readonly body: Buffer;
  /** Protocol time in ms. */
  readonly at: number;
  /** A fault that the platform itself must play. */
  readonly fault?: PlatformFault;
}

export interface Answer {
  /** Default 200. */
  readonly status?: number;
  readonly contentType: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface CallSubject {
  readonly platformAppId?: string | undefined;
  /** The operation, where a path does not say it (Alipay's `method`); faults and the log match it like a path. */
  readonly operation?: string | undefined;
}

export type PlatformFault = 'wrong_signature' | 'rotate_key';

export const ACTION_NAMES = ['login', 'phone', 'profile', 'expire'] as const;
export type ActionName = (typeof ACTION_NAMES)[number];

/** Takes the body of `POST /_/<name>`, gives the answer. Throws ZodError or SandboxError. */
export type Action = (body: unknown) => object | Promise<object>;

/** An action whose body is checked by `schema` first. */
export const action =
  <S extends z.ZodType>(schema: S, run: (input: z.output<S>) => object | Promise<object>): Action =>
  (body) =>
    run(schema.parse(body));

/** The fields with which every action names a person; extend it. */
export const personSchema = z.strictObject({
  platform: z.string(),
  platformAppId: z.string().min(1),
  user: z.string().min(1).max(128),
});

export const expireSchema = z.strictObject({
  platform: z.string(),
  platformAppId: z.string().min(1),
  what: z.enum(['token', 'session_key']),
  /** Only this person's session key. */
  user: z.string().optional(),
});

/** A JSON answer. */
export const json = (body: object, contentType = 'application/json; charset=utf-8'): Answer => ({
  contentType,
  body: JSON.stringify(body),
});
