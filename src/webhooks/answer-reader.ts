import type { Dispatcher } from 'undici';
import { TargetRefused } from './targets.js';

/** What an endpoint answered, as far as anybody wants to know. */
export interface Answer {
  readonly status: number | null;
  /** Why there is no whole answer: `<code>: <sentence>`; null when there is one. */
  readonly error: string | null;
  /** The first KiB of the body. */
  readonly text: string | null;
  readonly retryAfter: string | undefined;
}

/** The error of what was broken off because this process stops. */
export const STOPPED = 'stopped: this process ended';

const KEPT_BYTES = 1_024;
/** Nobody needs more of an answer; the connection is dropped then, and the status counts. */
const READ_BYTES = 64 * 1_024;

/** One request on its way, below undici's `request()`, which costs a stream per answer. */
export class AnswerReader implements Dispatcher.DispatchHandler {
  readonly ended: Promise<Answer>;
  #end!: (answer: Answer) => void;
  #over = false;
  #timer: NodeJS.Timeout | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #status: number | null = null;
  #retryAfter: string | undefined;
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #readBytes = 0;

  constructor() {
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  /** `timeout`: milliseconds for everything, from resolving the name to the last byte of the answer. */
  start(dispatcher: Dispatcher, request: Dispatcher.DispatchOptions, timeout: number): void {
    dispatcher.dispatch(request, this);
    if (this.#over) return;
    this.#timer = setTimeout(() => this.#breakOff(`timeout: no whole answer within ${timeout / 1_000} s`), timeout);
  }

  fail(error: string): void {
    this.#finish(error);
  }

  stop(): void {
    this.#breakOff(STOPPED);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Its time ran out before the connection was there: called off before the first byte.
    if (this.#over) controller.abort(new Error('too late to send'));
    else this.#controller = controller;
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    if (status < 200) return;
    this.#status = status;
    const retryAfter = headers['retry-after'];
    this.#retryAfter = typeof retryAfter === 'string' ? retryAfter : undefined;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#keptBytes < KEPT_BYTES) {
      const part = Buffer.from(chunk.subarray(0, KEPT_BYTES - this.#keptBytes));
      this.#kept.push(part);
      this.#keptBytes += part.length;
    }
    this.#readBytes += chunk.length;
    if (this.#readBytes <= READ_BYTES) return;
    this.#finish(null);
    controller.abort(new Error('the answer is longer than anybody reads'));
  }

  onResponseEnd(): void {
    this.#finish(null);
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#finish(describe(error));
  }

  #breakOff(error: string): void {
    this.#finish(error);
    this.#controller?.abort(new Error(error));
  }

  #finish(error: string | null): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    const text = this.#status === null ? null : textOf(Buffer.concat(this.#kept));
    this.#end({ status: this.#status, error, text, retryAfter: this.#retryAfter });
  }
}

/** Postgres keeps no NUL; what is not UTF-8 becomes replacement characters. */
const textOf = (bytes: Buffer): string => bytes.toString('utf8').replaceAll('\u0000', '');

/** A failed connection may have tried several addresses; the first one's fate is told. */
function describe(error: Error): string {
  const cause = error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0] : error;
  if (cause instanceof TargetRefused) return `address_refused: ${cause.message}`;
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
  const kind = /^(ENOTFOUND|ENODATA|ESERVFAIL|EAI_|ETIMEOUT|EREFUSED|EBADNAME)/.test(code) ? 'dns_failed' : 'connection_failed'; // prettier-ignore
  return `${kind}: ${code}`.slice(0, 200);
}
