import { Agent as HttpAgent, type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { CallbackReply, CallbackRequest } from './platform.js';

/** More than any acknowledgement; the rest is cut off. */
const LARGEST_ANSWER = 64 << 10;

/** Sends callbacks over connections that are kept. Follows no redirect. */
export class OutgoingHttp {
  readonly #plain = new HttpAgent({ keepAlive: true });
  readonly #secure = new HttpsAgent({ keepAlive: true });

  /** Never throws: what goes wrong is in the reply. `timeout` in ms, from the connection to the last byte. */
  async send(
    method: Method,
    url: string,
    request: CallbackRequest,
    timeout: number,
    signal: AbortSignal,
  ): Promise<CallbackReply> {
    // Not AbortSignal.any and .timeout: what they hang on a signal that lives long is not let go of when we are done.
    const ends = new AbortController();
    const end = (): void => ends.abort();
    const timer = setTimeout(end, timeout);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
    try {
      return await this.#once(method, withQuery(url, request.query), request, ends.signal);
    } catch (error) {
      if (signal.aborted) return { body: '', error: 'aborted' };
      if (ends.signal.aborted) return { body: '', error: `no answer within ${timeout} ms` };
      return { body: '', error: (error as NodeJS.ErrnoException).code ?? String(error) };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
    }
  }

  close(): void {
    this.#plain.destroy();
    this.#secure.destroy();
  }

  async #once(method: Method, url: string, request: CallbackRequest, signal: AbortSignal): Promise<CallbackReply> {
    const sent = this.#send(method, url, request, signal);
    try {
      const answer = await answerOf(sent);
      return { status: answer.statusCode ?? 0, body: await bodyOf(answer) };
    } catch (error) {
      // A connection that was kept, and that the other side closed just when we took it: no fault of the receiver.
      if (sent.reusedSocket && !signal.aborted && (error as NodeJS.ErrnoException).code === 'ECONNRESET')
        return this.#once(method, url, request, signal);
      throw error;
    }
  }

  #send(method: Method, url: string, { headers, body }: CallbackRequest, signal: AbortSignal): ClientRequest {
    const bytes = Buffer.from(method === 'GET' ? '' : body);
    const length = method === 'GET' ? {} : { 'content-length': bytes.length };
    const options = { method, headers: { ...headers, ...length }, signal };
    const sent = url.startsWith('https:')
      ? httpsRequest(url, { ...options, agent: this.#secure })
      : httpRequest(url, { ...options, agent: this.#plain });
    return sent.end(bytes);
  }
}

type Method = 'GET' | 'POST';

/** `url` with `query` added to its own. */
function withQuery(url: string, query: Readonly<Record<string, string>> = {}): string {
  const added = new URLSearchParams(query).toString();
  return added === '' ? url : `${url}${url.includes('?') ? '&' : '?'}${added}`;
}

const answerOf = (sent: ClientRequest): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => sent.once('response', resolve).on('error', reject));

async function bodyOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > LARGEST_ANSWER) break;
  }
  return Buffer.concat(chunks).subarray(0, LARGEST_ANSWER).toString();
}
