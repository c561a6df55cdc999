import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from '../../queues/support/until.js';

/** A callback as a platform sent it. */
export interface Letter {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Stands where PUBLIC_URL points: takes in what platforms send, lets them wait, and hands it on when a test says so. */
export class Letterbox {
  readonly letters: Letter[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(): Promise<Letterbox> {
    const server = createServer();
    const box = new Letterbox(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const headers = Object.fromEntries(
          Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
        );
        box.letters.push({ path: request.url ?? '', headers, body: Buffer.concat(chunks) });
        response.writeHead(503).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return box;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Waits for the letter number `count` (from 1) and gives it. */
  async letter(count = 1): Promise<Letter> {
    await until(`${count} callbacks`, async () => this.letters.length >= count);
    return this.letters[count - 1]!;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Hands a letter to an API, whole or changed; gives the answer. */
export async function deliver(url: string, { path, headers, body }: Letter, over: Partial<Letter> = {}) {
  const { host: _, 'content-length': __, connection: ___, ...kept } = { ...headers, ...over.headers };
  const answer = await fetch(url + (over.path ?? path), {
    method: 'POST',
    headers: kept,
    body: new Uint8Array(over.body ?? body),
  });
  return { status: answer.status, body: await answer.text() };
}
