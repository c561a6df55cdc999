import { Agent, type Dispatcher } from 'undici';
import { AnswerReader, type Answer } from './answer-reader.js';
import { TargetRefused, type Targets } from './targets.js';

/** One POST. */
export interface Outgoing {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What came of it: a status, or an error, or both when the answer broke off. */
export interface Sent extends Answer {
  readonly durationMs: number;
}

export interface SenderOptions {
  /** Milliseconds for a whole exchange, resolving and connecting included. */
  readonly timeout?: number;
}

const TIMEOUT_MS = 15_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** Idle connections are kept that long, unless the endpoint says less. */
const KEEP_ALIVE_MS = 10_000;

/**
 * Sends webhooks over kept-alive connections, which are only ever made to addresses that `Targets` has checked. Follows
 * no redirects and knows no proxies: both would be ways around that check.
 */
export class Sender {
  readonly #agents: Readonly<Record<'http:' | 'https:', Agent>>;
  readonly #timeout: number;
  readonly #reading = new Set<AnswerReader>();

  constructor(
    private readonly targets: Targets,
    { timeout = TIMEOUT_MS }: SenderOptions = {},
  ) {
    this.#timeout = timeout;
    this.#agents = { 'http:': this.#newAgent('http:'), 'https:': this.#newAgent('https:') };
  }

  /** Never rejects: whatever goes wrong is the outcome of this attempt. */
  async send({ url, headers, body }: Outgoing): Promise<Sent> {
    const started = performance.now();
    const reader = new AnswerReader();
    this.#reading.add(reader);
    try {
      this.targets.checkLiteral(url);
      const protocol = url.protocol === 'http:' ? 'http:' : 'https:';
      const request: Dispatcher.DispatchOptions = {
        origin: url.origin,
        method: 'POST',
        path: url.pathname + url.search,
        headers: { ...headers },
        body,
      };
      reader.start(this.#agents[protocol], request, this.#timeout);
    } catch (error) {
      reader.fail(error instanceof TargetRefused ? `address_refused: ${error.message}` : 'failed: cannot be sent');
    }
    const answer = await reader.ended;
    this.#reading.delete(reader);
    return { ...answer, durationMs: Math.round(performance.now() - started) };
  }

  /** Breaks off what is on its way (its outcome is `stopped`) and closes the connections. */
  async close(): Promise<void> {
    for (const reader of this.#reading) reader.stop();
    await Promise.all(Object.values(this.#agents).map((agent) => agent.destroy()));
  }

  #newAgent(protocol: 'http:' | 'https:'): Agent {
    return new Agent({
      connect: { lookup: this.targets.lookupFor(protocol), timeout: CONNECT_TIMEOUT_MS },
      // The exchange has one timer of its own for everything: a slow drip would outlive these.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
    });
  }
}
