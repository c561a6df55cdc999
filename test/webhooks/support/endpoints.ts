import { announced, aStream } from '../../events/support/writers.js';
import { until } from '../../queues/support/until.js';
import { type Answer, asServer, must, type TestApp } from '../../support/client.js';
import type { Minibase } from '../../support/minibase.js';

export interface Endpoint {
  readonly id: string;
  readonly url: string;
  readonly events: string[];
  readonly ordered: boolean;
  readonly status: string;
  readonly secret?: string;
  readonly publicKey: string | null;
  readonly disabledReason: string | null;
  readonly previousSecretUntil: string | null;
  readonly headers: Record<string, string>;
  readonly rateLimit: number | null;
  readonly pausedUntil: string | null;
  readonly failingSince: string | null;
  readonly recoveringSince: string | null;
}

export interface Delivery {
  readonly id: string;
  readonly endpointId: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly status: string;
  readonly attemptCount: number;
  readonly nextAttemptAt: string | null;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly attempts?: { number: number; status: number | null; error: string | null; answer: string | null; durationMs: number }[]; // prettier-ignore
}

/** An app's webhooks, as its developer works with them. */
export class Webhooks {
  #streams = 0;

  constructor(
    readonly minibase: Minibase,
    readonly app: Pick<TestApp, 'appId' | 'secretKey'>,
  ) {}

  ask<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    key?: string,
  ): Promise<Answer<T & { code?: string }>> {
    return asServer<T>(this.minibase, this.app, method, path, { body, ...(key && { key }) });
  }

  async endpoint(url: string, over: object = {}): Promise<Endpoint & { secret: string }> {
    const body = { url, ...over };
    return must(this.minibase.url, 'POST', '/v1/webhook-endpoints', { token: this.app.secretKey, body });
  }

  async read(id: string): Promise<Endpoint> {
    return (await this.ask<Endpoint>('GET', `/v1/webhook-endpoints/${id}`)).body;
  }

  async change(id: string, body: object): Promise<Endpoint> {
    return must(this.minibase.url, 'PATCH', `/v1/webhook-endpoints/${id}`, { token: this.app.secretKey, body });
  }

  async deliveries(filter = ''): Promise<Delivery[]> {
    const path = `/v1/webhook-deliveries?limit=100${filter && `&${filter}`}`;
    return (await this.ask<{ data: Delivery[] }>('GET', path)).body.data;
  }

  async delivery(id: string): Promise<Delivery & { attempts: NonNullable<Delivery['attempts']> }> {
    return must(this.minibase.url, 'GET', `/v1/webhook-deliveries/${id}`, { token: this.app.secretKey });
  }

  /** Waits until the only delivery to an endpoint is as described; gives it. */
  async untilDelivery(
    endpointId: string,
    what: string,
    holds: (one: Delivery) => boolean,
    ms?: number,
  ): Promise<Delivery> {
    let found: Delivery | undefined;
    await until(
      `a delivery ${what}`,
      async () => {
        [found] = await this.deliveries(`endpointId=${endpointId}`);
        return found !== undefined && holds(found);
      },
      ms,
    );
    return found!;
  }

  /** Announces as many events of a new stream, and gives the stream. */
  async happen(count = 1): Promise<string> {
    const stream = await this.stream();
    await announced(this.minibase, this.app.appId, stream, count);
    return stream;
  }

  stream(): Promise<string> {
    return aStream(this.minibase, this.app.appId, `stream-${(this.#streams += 1)}`);
  }

  async more(stream: string, count = 1): Promise<void> {
    await announced(this.minibase, this.app.appId, stream, count);
  }
}
