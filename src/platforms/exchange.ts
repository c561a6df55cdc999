import type { Dispatcher } from 'undici';
import type { PlatformResponse } from './platform-http.js';

export type End =
  | { readonly outcome: 'answered'; readonly response: PlatformResponse }
  | { readonly outcome: 'not_sent' | 'unknown'; readonly cause: Error };

/**
 * One request on its way. Below undici's `request()`, because that costs a stream per answer, and because only here one
 * sees whether anything left the machine: undici calls `onRequestStart` right before it writes to the socket.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly ended: Promise<End>;
  #end!: (end: End) => void;
  #over = false;
  #timer: NodeJS.Timeout | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers: PlatformResponse['headers'] = {};
  readonly #chunks: Buffer[] = [];

  constructor() {
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  start(pool: Dispatcher, request: Dispatcher.DispatchOptions, timeout: number): void {
    pool.dispatch(request, this);
    if (this.#over) return;
    this.#timer = setTimeout(() => {
      const cause = new Error(`no answer within ${timeout} ms`);
      this.#fail(cause);
      this.#controller?.abort(cause);
    }, timeout);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Its time ran out while it waited for a connection: called off before the first byte.
    if (this.#over) controller.abort(new Error('too late to send'));
    else this.#controller = controller;
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: PlatformResponse['headers']): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const [first, ...more] = this.#chunks;
    const body = first && more.length === 0 ? first : Buffer.concat(this.#chunks);
    this.#finish({ outcome: 'answered', response: { status: this.#status, headers: this.#headers, body } });
  }

  onResponseError(_: Dispatcher.DispatchController, cause: Error): void {
    this.#fail(cause);
  }

  #fail(cause: Error): void {
    this.#finish({ outcome: this.#controller ? 'unknown' : 'not_sent', cause });
  }

  #finish(end: End): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#end(end);
  }
}
