import type { Dispatcher, Pool } from 'undici';

/** Posts JSON and reads JSON, below undici's `request()`, which makes a stream for every answer. */
export function postJson(pool: Pool, path: string, body: object): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: () => undefined, // undici takes a handler without it for one of its old kind
      onResponseData: (_, chunk) => void chunks.push(chunk),
      onResponseEnd: () => {
        try {
          resolve(JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>);
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      },
      onResponseError: (_, error) => reject(error),
    };
    const headers = { 'content-type': 'application/json' };
    pool.dispatch({ method: 'POST', path, headers, body: JSON.stringify(body) }, handler);
  });
}
