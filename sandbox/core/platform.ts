import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import type { Account, AccountBook, AnyAccount, MerchantAccount } from './accounts.js';
import type { Consents } from './consents.js';
import type { Inbox } from './inbox.js';
import type { Phones } from './phones.js';
import type { RateWindow } from './rate-window.js';
import type { SendLimit, SendLimits } from './send-limits.js';
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
  /** The contract templates of every program, as the console lists them. Absent: the platform has none there. */
  readonly services?: readonly object[];
  readonly routes: readonly Route[];
  /** Whom and what a call is about, for faults and the calls log. Must not throw, whatever arrived. */
  describe(call: Call): CallSubject;
  /** The platform's own "busy, try again". */
  busy(call: Call): Answer;
  /** The platform's own error with this code; the request has no effect. */
  refuse(call: Call, code: string): Answer | Promise<Answer>;
  /** The form of the codes that `refuse` can say. */
  readonly errorCode: RegExp;
  /** Fault kinds that this platform plays itself: they arrive at its handlers as `call.fault`. */
  readonly faults?: readonly PlatformFault[];
  /** Merchant accounts, where the platform takes money. Absent: it has none. */
  readonly merchants?: MerchantBook;
  /** How the platform sends its callbacks. Absent: it sends none. */
  readonly callbacks?: CallbackSender;
  /** Template messages. Absent: it has none. */
  readonly messages?: MessageConsole;
  /**
   * What runs when a timer of `World.at` is due, by name: with its data, and the account as it is now. Runs like a
   * handler: synchronously, its changes flushed. After a kill it may run again, so it looks at the state first. One that
   * throws is logged and dropped.
   */
  readonly timers?: Readonly<Record<string, (data: never, account: never) => void>>;
  /** What a person with a phone, or a tester, does on this platform: `POST /_/<name>`. */
  readonly actions: Readonly<Partial<Record<ActionName, Action>>>;
}

/** What the core lends to a platform. */
export interface World {
  /** Protocol time in ms: signatures, codes, tokens, sessions. Never moves with business time. */
  now(): number;
  /** Business time in ms of one account: orders, contracts, callbacks. */
  businessNow(account: AnyAccount): number;
  /**
   * Durable: runs the platform's timer `name` with `data` at `at` (business time, ms); one that is past runs soon, never
   * within this call. The same `key` of the same account replaces.
   */
  at(account: AnyAccount, timer: { key: string; name: string; at: number; data: object }): void;
  /** Durable: forgets a timer. */
  cancel(account: AnyAccount, key: string): void;
  /**
   * Durable: sends a callback to `url`, at once and, until it is accepted, again after each delay of the sender's
   * schedule (business time). Nothing leaves before the changes made so far are on the disk. When `url` is not within
   * the account's `callbackOrigin` it is dropped, and only the calls log tells.
   */
  call(account: AnyAccount, callback: OutgoingCallback): void;
  /** A durable table; name it `<platform>.<noun>`. */
  table<R extends Row>(name: string): Table<R>;
  /** The registered programs of one platform. */
  accounts<Credentials extends object>(platform: string): AccountBook<Credentials>;
  /** The registered merchants of one platform: the same book, by merchant id. */
  merchants<Credentials extends object>(platform: string): AccountBook<Credentials, MerchantAccount<Credentials>>;
  /** The phone numbers of people. */
  readonly phones: Phones;
  /** Calls at once and once, whatever faults wait: the check of a URL that was typed into a console. */
  ask(account: AnyAccount, question: Question): Promise<CallbackReply>;
  /** The messages that people have received. */
  readonly inbox: Inbox;
  /** What people let through. */
  readonly consents: Consents;
  /** How many messages an account may send. */
  readonly sendLimits: SendLimits;
  /** Counts per key in windows of `milliseconds`; in memory. */
  rateWindow(milliseconds: number): RateWindow;
}

/** Merchant accounts of a platform, as `issueCredentials` and its kin are for programs. */
export interface MerchantBook<Credentials extends object = object> {
  newMerchantId(): string;
  issueCredentials(
    given: unknown,
    previous: Credentials | undefined,
    merchantId: string,
  ): Credentials | Promise<Credentials>;
  showCredentials(credentials: Credentials): object;
  /** The plans under which every merchant may debit, as the console lists them. Absent: the platform has none. */
  readonly plans?: readonly object[];
}

/** The templates of a mini-program, and how many messages it may send. */
export interface MessageConsole {
  /** Unless `POST /_/limits` says otherwise. */
  readonly limit: SendLimit;
  /** What the console lists: the account's own templates, in one form for all platforms. */
  templates(account: Account): readonly ShownTemplate[];
}

export interface ShownTemplate {
  readonly templateId: string;
  readonly title: string;
  readonly kind: 'one_time' | 'long_term';
  readonly fields: readonly { readonly name: string; readonly label: string; readonly example: string }[];
}

export interface OutgoingCallback {
  /** Absolute, http or https. */
  readonly url: string;
  /** What the sender builds the request from; plain JSON. */
  readonly data: object;
  /** For faults and the calls log, e.g. `TRANSACTION.SUCCESS`. */
  readonly operation: string;
  /** Instead of the sender's schedule; `[]` where the platform itself decides whether and when to ask again. */
  readonly schedule?: readonly number[];
}

/**
 * Builds and judges the callbacks of a platform; the core keeps, schedules and sends them (POST), and plays their
 * faults. `account` is the one that `World.call` was given, as it is now; a platform narrows its type to what it gives.
 */
export interface CallbackSender {
  /** Delays in ms (business time) after each failure, as the platform documents them. */
  readonly schedule: readonly number[];
  /** ms that the platform waits for the answer. */
  readonly timeout: number;
  /** The request of this try: signed now. `tamper`: a fault that only the platform can play. One that throws failed. */
  build(account: AnyAccount, callback: OutgoingCallback, tamper?: CallbackTamper): CallbackRequest;
  /** Whether the answer means "received". A redirect is an answer like any other: it is not followed. */
  accepts(status: number, body: string, callback: OutgoingCallback): boolean;
  /**
   * What the answer said, where it says something (Douyin's refund number). Runs like a handler. Not after `forge` and
   * `wrong_signature`: the platform never sent those.
   */
  onAccepted?(account: AnyAccount, callback: OutgoingCallback, body: string): void;
}

/**
 * `forge`: signed with a key that is not the platform's. `wrong_signature`: signed with the right key, over other bytes.
 * `wrong_amount`: genuine, but with another amount.
 */
export const CALLBACK_TAMPERS = ['forge', 'wrong_amount', 'wrong_signature'] as const;
export type CallbackTamper = (typeof CALLBACK_TAMPERS)[number];

export interface CallbackRequest {
  /** With `content-type`; the core adds `host` and `content-length`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Added to the url's own. */
  readonly query?: Readonly<Record<string, string>>;
}

/** Only within the account's `callbackOrigin`. */
export interface Question extends Partial<CallbackRequest> {
  readonly method: 'GET' | 'POST';
  readonly url: string;
}

/** What came back of a callback; `error` when no whole answer came. */
export interface CallbackReply {
  readonly status?: number;
  readonly body: string;
  readonly error?: string;
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
  /** Called when the answer leaves, or when nobody waits for it: until then the call was under way. */
  readonly left?: () => void;
}

export interface CallSubject {
  readonly platformAppId?: string | undefined;
  readonly merchantId?: string | undefined;
  /** The operation, where a path does not say it (Alipay's `method`); faults and the log match it like a path. */
  readonly operation?: string | undefined;
}

export type PlatformFault = 'wrong_signature' | 'rotate_key';

export const ACTION_NAMES = [
  'login',
  'phone',
  'profile',
  'expire',
  'cashier',
  'refund',
  'consent',
  'push',
  'contract',
  'wallet',
] as const;
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

/** `POST /_/cashier`: the person confirms the payment or contract page, leaves it, or fails there. */
export const cashierSchema = z.strictObject({
  clientAction: z.looseObject({
    platform: z.string(),
    method: z.string(),
    params: z.record(z.string(), z.unknown()),
    next: z
      .looseObject({
        method: z.string(),
        params: z.record(z.string(), z.unknown()),
        take: z.record(z.string(), z.string()),
      })
      .optional(),
  }),
  user: z.string().min(1).max(128),
  /** `pay` on a page that only asks for a contract: signs it. */
  outcome: z.enum(['pay', 'cancel', 'fail']),
  /** False on a page that asks for both: the person pays, and takes the tick off the contract. */
  sign: z.boolean().default(true),
});

/** `POST /_/contract`: what happens to a contract under which the merchant debits, outside the mini-program. */
export const contractSchema = z.strictObject({
  platform: z.string(),
  /** The merchant's own number of the contract (`contract_code`, `external_agreement_no`, `outAuthOrderNo`). */
  number: z.string().min(1).max(64),
  /** `read`: only says how it is. `expire`: its time runs out. */
  does: z.enum(['read', 'terminate', 'expire']).default('read'),
  by: z.enum(['user', 'merchant', 'platform']).default('user'),
});

/** `POST /_/wallet`: whether debits find money with a person. */
export const walletSchema = personSchema.extend({
  /** `empty`: the next `times` debits find too little, all of them without `times`. `full`: all find enough. */
  balance: z.enum(['full', 'empty']),
  times: z.int().min(1).max(1_000).optional(),
});

/** `POST /_/refund`: somebody starts a refund at the platform: the merchant in its console, or the person. */
export const refundSchema = z.strictObject({
  platform: z.string(),
  /** The merchant's own number of the order (`out_trade_no`, `outOrderNo`). */
  number: z.string().min(1).max(64),
  /** Fen; all that is left when absent. */
  amount: z.int().min(1).optional(),
  by: z.enum(['user', 'merchant']).default('merchant'),
});

/** `POST /_/consent`: the person answers the dialog that asks for messages, or changes the setting. */
export const consentSchema = personSchema.extend({
  /** As the front end passes them. */
  templateIds: z.array(z.string()).max(20),
  /** The platform's own word, for all or by template id. */
  answer: z.union([z.string().min(1).max(40), z.record(z.string(), z.string().min(1).max(40))]),
  /** The person ticks that the answer shall be kept. */
  keep: z.boolean().default(false),
  /** False: the platform does not push what happened. */
  report: z.boolean().default(true),
  /** In the settings instead of the dialog. */
  settings: z.boolean().default(false),
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
