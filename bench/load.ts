import { Client, type Dispatcher } from 'undici';

/** One request, and what its answer is good for. */
export interface Exchange {
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Told the body of a success. */
  readonly read?: (body: string) => void;
}

/** The next request of a connection, which has none of its own under way. */
export type Script = (connection: number) => Exchange;

export interface Window {
  readonly requests: number;
  readonly seconds: number;
  /** Milliseconds, ascending, one per request. */
  readonly latencies: Float64Array;
}

/**
 * A closed loop: every connection sends its next request when the last one is answered, until `requests` are done.
 * Rejects at the first answer that is not a success: a server that refuses is not fast.
 */
export async function drive(url: string, connections: number, requests: number, script: Script): Promise<Window> {
  const latencies = new Float64Array(requests);
  const clients = Array.from({ length: connections }, () => new Client(url, { pipelining: 1 }));
  let sent = 0;
  const loop = async (client: Client, connection: number): Promise<void> => {
    while (sent < requests) {
      const place = sent++;
      const exchange = script(connection);
      const begun = performance.now();
      const body = await send(client, exchange);
      latencies[place] = performance.now() - begun;
      exchange.read?.(body);
    }
  };
  try {
    const begun = performance.now();
    await Promise.all(clients.map(loop));
    return { requests, seconds: (performance.now() - begun) / 1_000, latencies: latencies.sort() };
  } finally {
    await Promise.all(clients.map((client) => client.destroy()));
  }
}

/** Below undici's `request()`: the load must cost little, it has the same cores as what it measures. */
function send(client: Client, { method, path, headers, body }: Exchange): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let status = 0;
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: () => undefined, // undici takes a handler without it for one of its old kind
      onResponseStart: (_, statusCode) => void (status = statusCode),
      onResponseData: (_, chunk) => void chunks.push(chunk),
      onResponseEnd: () => {
        const text = Buffer.concat(chunks).toString();
        if (status >= 200 && status < 300) resolve(text);
        else reject(new Error(`${method} ${path} answered ${status}: ${text.slice(0, 500)}`));
      },
      onResponseError: (_, error) => reject(error),
    };
    client.dispatch({ method, path, headers, body: body ?? null }, handler);
  });
}

/** One exchange outside any measurement, its answer parsed. */
export async function once<Answer>(url: string, exchange: Exchange): Promise<Answer> {
  const client = new Client(url);
  try {
    return JSON.parse(await send(client, exchange)) as Answer;
  } finally {
    await client.destroy();
  }
}
