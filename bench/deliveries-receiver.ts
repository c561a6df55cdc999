import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the bench tells the process that plays the developers' servers. Each is answered with a message. */
export type ReceiverOrder =
  /** Counts anew; a second message tells when the first `of` endpoints have together received as many as that. */
  | { readonly expect: number; readonly of: number }
  /** Which endpoint does not answer from now on; null: all do, and what hangs is answered. */
  | { readonly hanging: number | null }
  /** Whether whole requests are kept from now on; answered with those that were. */
  | { readonly keep: boolean };

/** A request as it came. */
export interface Received {
  /** Milliseconds since 1970, by the machine's clock. */
  readonly at: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Each is a server of its own: one port for all would be one pool of connections for all. */
const ENDPOINTS = 10;
const KEEP_ALIVE_MS = 60_000;

let counts: number[] = [];
let expected: { readonly expect: number; readonly of: number } | undefined;
let hanging: number | null = null;
let held: ServerResponse[] = [];
let kept: Received[] | undefined;

function take(place: number, request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => void (kept && chunks.push(chunk)));
  request.on('end', () => {
    counts[place] = (counts[place] ?? 0) + 1;
    const headers = request.headers as Record<string, string>;
    kept?.push({ at: Date.now(), headers, body: Buffer.concat(chunks).toString() });
    if (place === hanging) held.push(response);
    else answer(response);
    if (expected) tell(expected);
  });
}

const answer = (response: ServerResponse): void => void response.writeHead(204).end();

function tell({ expect, of }: { readonly expect: number; readonly of: number }): void {
  if (counts.slice(0, of).reduce((sum, count) => sum + count, 0) < expect) return;
  expected = undefined;
  process.send?.({ arrived: counts });
}

process.on('message', (order: ReceiverOrder) => {
  if ('expect' in order) {
    counts = Array.from({ length: ENDPOINTS }, () => 0);
    expected = order;
    process.send?.({});
  } else if ('hanging' in order) {
    hanging = order.hanging;
    for (const response of held) answer(response);
    held = [];
    process.send?.({});
  } else {
    process.send?.({ received: kept ?? [] });
    kept = order.keep ? [] : undefined;
  }
});
process.once('disconnect', () => process.exit(0));

const ports = await Promise.all(
  Array.from({ length: ENDPOINTS }, async (_, place) => {
    const server = createServer((request, response) => take(place, request, response));
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }),
);
process.send?.({ urls: ports.map((port) => `http://127.0.0.1:${port}/hook`) });
