import { setTimeout as wait } from 'node:timers/promises';
import { type AnyAccount, keyOf } from './accounts.js';
import { type CallOutcome, type Calls, passingCallback } from './calls.js';
import type { CallbackFault, Fault, Faults } from './faults.js';
import { OutgoingHttp } from './outgoing-http.js';
import type {
  CallbackReply,
  CallbackRequest,
  CallbackSender,
  CallbackTamper,
  OutgoingCallback,
  Question,
} from './platform.js';

/** How long a callback is held back for another to overtake it. */
const LONGEST_HOLD = 2_000;
const ASK_TIMEOUT = 5_000;

/** One callback whose time has come. */
export interface Errand {
  readonly account: AnyAccount;
  readonly sender: CallbackSender;
  readonly callback: OutgoingCallback;
  /** 1 for the first try. */
  readonly try: number;
}

/** `accepted` with what the receiver said; `refused`: it may not be sent at all. */
export type Delivery = { readonly kind: 'accepted'; readonly body: string } | { readonly kind: 'failed' | 'refused' };

const FAILED: Delivery = { kind: 'failed' };

/** Takes callbacks to their receivers, once, and lets go wrong what shall go wrong. */
export class Courier {
  readonly #http = new OutgoingHttp();
  readonly #closing = new AbortController();
  /** Of each account the callbacks that wait to be overtaken. */
  readonly #held = new Map<string, Set<() => void>>();

  constructor(
    private readonly now: () => number,
    private readonly faults: Faults,
    private readonly calls: Calls,
    private readonly report: (error: unknown, what: string) => void,
  ) {}

  /** `signal` ends it at once; then nothing is remembered of it, and what it gives means nothing. */
  async deliver(errand: Errand, signal: AbortSignal): Promise<Delivery> {
    const { account, callback } = errand;
    if (!isWithin(callback.url, account.callbackOrigin)) {
      this.#remember(errand, undefined, { error: refusal(account.callbackOrigin) });
      return { kind: 'refused' };
    }
    const fault = this.faults.takeForCallback(passingCallback(account, callback));
    if (fault?.kind === 'drop') {
      this.#remember(errand, undefined, { fault: 'drop' });
      return FAILED;
    }
    if (fault?.kind === 'delay') await wait(fault.milliseconds, undefined, { signal }).catch(() => undefined);
    if (fault?.kind === 'reorder') await this.#overtaken(keyOf(account), signal);
    if (signal.aborted) return FAILED;
    return this.#deliver(errand, fault, signal);
  }

  /** At once, whatever faults wait; remembered like a callback. Never throws: what goes wrong is in the reply. */
  async ask(
    account: AnyAccount,
    { method, url, headers = {}, body: sent = '', query = {} }: Question,
  ): Promise<CallbackReply> {
    const callback = { url, data: {}, operation: 'check' };
    const request = { headers, body: sent, query };
    const at = this.now();
    const remember = (outcome: CallOutcome): void =>
      this.calls.rememberCallback({ account, callback, method, try: 1, at, request }, outcome);
    if (!isWithin(url, account.callbackOrigin)) {
      const error = refusal(account.callbackOrigin);
      remember({ error });
      return { body: '', error };
    }
    const reply = await this.#http.send(method, url, request, ASK_TIMEOUT, this.#closing.signal);
    const { status, body, error } = reply;
    remember({ ...(status !== undefined && { status, answer: body }), ...(error && { error }) });
    return reply;
  }

  close(): void {
    this.#closing.abort();
    this.#http.close();
  }

  async #deliver(errand: Errand, fault: Fault<CallbackFault> | undefined, signal: AbortSignal): Promise<Delivery> {
    const { account, sender, callback } = errand;
    let request: CallbackRequest;
    try {
      request = sender.build(account, callback, tamperOf(fault));
    } catch (error) {
      this.report(error, `the callback ${callback.operation} of ${keyOf(account)} could not be built`);
      this.#remember(errand, undefined, { error: 'it could not be built' });
      return FAILED;
    }
    const send = (): Promise<CallbackReply> => this.#send(errand, request, fault, signal);
    const replies = await Promise.all(fault?.kind === 'duplicate' ? [send(), send()] : [send()]);
    this.#letOvertakenGo(keyOf(account));

    const accepted = replies.find(({ status, body }) => status !== undefined && sender.accepts(status, body, callback));
    // The platform never sent these: whatever the receiver said, the genuine one is still to come.
    const isFalse = fault?.kind === 'forge' || fault?.kind === 'wrong_signature';
    return accepted && !isFalse ? { kind: 'accepted', body: accepted.body } : FAILED;
  }

  async #send(
    errand: Errand,
    request: CallbackRequest,
    fault: Fault<CallbackFault> | undefined,
    signal: AbortSignal,
  ): Promise<CallbackReply> {
    const at = this.now();
    const reply = await this.#http.send('POST', errand.callback.url, request, errand.sender.timeout, signal);
    const { status, body, error } = reply;
    const outcome = {
      ...(status !== undefined && { status, answer: body }),
      ...(fault && { fault: fault.kind }),
      ...(error && { error }),
    };
    if (!signal.aborted) this.#remember(errand, request, outcome, at);
    return reply;
  }

  #remember(errand: Errand, request: CallbackRequest | undefined, outcome: CallOutcome, at = this.now()): void {
    const { account, callback } = errand;
    this.calls.rememberCallback({ account, callback, try: errand.try, at, request }, outcome);
  }

  /** Until the account's next callback was answered, or the longest hold is over. */
  async #overtaken(account: string, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const letGo = (): void => over.abort();
    const held = this.#held.get(account) ?? new Set();
    this.#held.set(account, held.add(letGo));
    await wait(LONGEST_HOLD, undefined, { signal: AbortSignal.any([signal, over.signal]) }).catch(() => undefined);
    held.delete(letGo);
    if (held.size === 0 && this.#held.get(account) === held) this.#held.delete(account);
  }

  #letOvertakenGo(account: string): void {
    const held = this.#held.get(account);
    this.#held.delete(account);
    for (const letGo of held ?? []) letGo();
  }
}

const isWithin = (url: string, origin: string | undefined): boolean =>
  URL.canParse(url) && new URL(url).origin === origin;

const refusal = (origin: string | undefined): string =>
  origin
    ? `not sent: the account's callbackOrigin is ${origin}`
    : 'not sent: the account was registered without a callbackOrigin';

const TAMPERS: Partial<Record<CallbackFault, CallbackTamper>> = {
  forge: 'forge',
  wrong_amount: 'wrong_amount',
  wrong_signature: 'wrong_signature',
};

const tamperOf = (fault: Fault<CallbackFault> | undefined): CallbackTamper | undefined => fault && TAMPERS[fault.kind];
