import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** An answer that is not a success. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
  ) {
    super(code);
  }
}

/** `METHOD /path` to what answers it. */
export type Routes = Readonly<Record<string, (request: IncomingMessage) => Promise<object>>>;

const LARGEST_BODY = 256 * 1024;
const utf8 = new TextDecoder('utf-8', { fatal: true });

export const newServer = (routes: Routes): Server =>
  createServer((request, response) => void answer(routes, request, response));

async function answer(routes: Routes, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const route = routes[`${request.method} ${request.url}`];
    if (!route) throw new Refusal(404, 'not_found');
    send(response, 200, await route(request));
  } catch (error) {
    if (error instanceof Refusal) return send(response, error.status, { code: error.code });
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    send(response, 500, { code: 'internal_error' });
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length });
  response.end(bytes);
}

/** The body as it came, and the JSON object that it is. Throws 400 and 413. */
export async function readObject(request: IncomingMessage): Promise<{ bytes: Buffer; body: Record<string, unknown> }> {
  const bytes = await readBody(request);
  const body = parse(bytes);
  if (typeof body !== 'object' || body === null) throw new Refusal(400, 'validation_failed');
  return { bytes, body: body as Record<string, unknown> };
}

/** The body as a JSON object that has no fields but `allowed`, all of them text. Throws 400 and 413. */
export async function readFields<Name extends string>(
  request: IncomingMessage,
  allowed: readonly Name[],
): Promise<Partial<Record<Name, string>>> {
  const { body } = await readObject(request);
  for (const [name, value] of Object.entries(body)) {
    const known = (allowed as readonly string[]).includes(name);
    if (!known || typeof value !== 'string' || value.length > 512) throw new Refusal(400, 'validation_failed');
  }
  return body as Partial<Record<Name, string>>;
}

export function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch {
    throw new Refusal(400, 'malformed_body');
  }
}

export function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > LARGEST_BODY) reject(new Refusal(413, 'payload_too_large'));
      else chunks.push(chunk);
    });
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    request.on('error', reject);
  });
}

/** Who is before the proxy: the bench always sends through one. */
export const addressOf = (request: IncomingMessage): string =>
  String(request.headers['x-forwarded-for'] ?? request.socket.remoteAddress);
