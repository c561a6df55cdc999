import { EventEmitter, once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { HttpReply, RawCallback } from '../../src/platforms/callback.js';

/** Where a developer's server would be: takes in what a platform calls, keeps it, and answers as it is told. */
export class CallbackAddress {
  /** What has come, and was answered. */
  readonly received: RawCallback[] = [];
  readonly #news = new EventEmitter();

  private constructor(private readonly server: Server) {}

  static async open(): Promise<CallbackAddress> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new CallbackAddress(server);
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** From now on callbacks are answered so. */
  answers(reply: (raw: RawCallback) => Promise<HttpReply>): void {
    this.server.on('request', (request, response) => {
      const { method = '', headers, url = '/' } = request;
      const take = async (): Promise<void> => {
        const raw: RawCallback = {
          method,
          headers: headers as RawCallback['headers'],
          body: await buffer(request),
          query: Object.fromEntries(new URL(url, this.origin).searchParams),
          hint: undefined,
          receivedAt: new Date(),
        };
        const { status, contentType, body } = await reply(raw);
        this.received.push(raw);
        this.#news.emit('more');
        response.writeHead(status, { 'content-type': contentType }).end(body);
      };
      void take();
    });
  }

  /** What `look` finds among what has come, now or when more has. */
  async until<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
    for (;;) {
      const more = once(this.#news, 'more');
      const found = await look();
      if (found !== undefined) return found;
      await more;
    }
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
