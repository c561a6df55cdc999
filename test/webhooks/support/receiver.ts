import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { until } from '../../queues/support/until.js';

/** One message as it arrived. */
export interface Received {
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly at: number;
  readonly json: {
    readonly type: string;
    readonly timestamp: string;
    readonly data: Readonly<Record<string, unknown>>;
  };
}

export type Behaviour = (response: ServerResponse, received: Received, request: IncomingMessage) => void;

/** Answers with a status, and headers if any. */
export const answering =
  (status: number, headers: Record<string, string> = {}, body = ''): Behaviour =>
  (response) => {
    response.writeHead(status, headers);
    response.end(body);
  };

/** The developer's server: keeps what arrives and answers as the test says. */
export class Receiver {
  readonly received: Received[] = [];
  /** Requests whose answer has not ended. */
  open = 0;
  mostOpen = 0;

  private constructor(
    private readonly server: Server,
    public behaviour: Behaviour,
  ) {}

  static async start(behaviour: Behaviour = answering(204), host = '127.0.0.1'): Promise<Receiver> {
    // A sender that is killed in the middle leaves half a request behind.
    const server = createServer((request, response) => void receiver.#take(request, response).catch(() => undefined));
    const receiver = new Receiver(server, behaviour);
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hook?of=test`;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async until(count: number, ms?: number): Promise<Received[]> {
    await until(`${count} messages`, () => this.received.length >= count, ms);
    return this.received;
  }

  ofType(type: string): Received[] {
    return this.received.filter(({ json }) => json.type === type);
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.open += 1;
    this.mostOpen = Math.max(this.mostOpen, this.open);
    response.on('close', () => (this.open -= 1));
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const headers = request.headers as Record<string, string>;
    const json = JSON.parse(body) as Received['json'];
    const received = { id: headers['webhook-id'] ?? '', headers, body, json, at: performance.now() };
    this.received.push(received);
    this.behaviour(response, received, request);
  }
}

/** Verifies as the library does, but for a message that was signed at any time. Throws when it is not genuine. */
export function verify(secret: string, { headers, body, id }: Pick<Received, 'headers' | 'body' | 'id'>): void {
  const seconds = Number(headers['webhook-timestamp']);
  const expected = new Webhook(secret).sign(id, new Date(seconds * 1_000), body);
  if (!headers['webhook-signature']?.split(' ').includes(expected)) throw new Error('No matching signature found');
}
