import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** One callback, as it arrived. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

type Reply = { readonly status?: number; readonly body?: string } | 'silence';

/** A server that platforms call back: keeps what arrives, and answers as it is told. */
export class Receiver {
  readonly received: Received[] = [];
  /** What it answers, per callback; 200 with no body unless told otherwise. */
  answer: (callback: Received) => Reply = () => ({});
  readonly #waiting = new Set<() => void>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<Receiver> {
    const server = createServer((request, response) => {
      void buffer(request).then((body) => {
        const callback = { path: request.url ?? '', headers: request.headers, body: body.toString() };
        receiver.received.push(callback);
        for (const look of receiver.#waiting) look();
        const reply = receiver.answer(callback);
        if (reply !== 'silence') response.writeHead(reply.status ?? 200).end(reply.body ?? '');
      });
    });
    const receiver = new Receiver(server);
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    return receiver;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Waits until `count` callbacks have arrived since the start or `forget`; gives them all. */
  async atLeast(count: number): Promise<readonly Received[]> {
    if (this.received.length < count) {
      await new Promise<void>((enough) => {
        const look = (): void => {
          if (this.received.length < count) return;
          this.#waiting.delete(look);
          enough();
        };
        this.#waiting.add(look);
      });
    }
    return this.received;
  }

  forget(): void {
    this.received.length = 0;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((closed) => this.server.close(closed));
  }
}
