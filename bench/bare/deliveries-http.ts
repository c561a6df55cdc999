import type { Dispatcher, Pool } from 'undici';

/** What an endpoint answered; an error when there is no whole answer. */
export interface Answer {
  readonly status: number | null;
  readonly error: string | null;
  /** The first KiB. */
  readonly answer: string | null;
}

const KEPT_BYTES = 1_024;
const TIMEOUT_MS = 15_000;

/** Never rejects. */
export function post(pool: Pool, path: string, body: string, headers: Record<string, string>): Promise<Answer> {
  return new Promise((resolve) => {
    let status: number | null = null;
    let kept = Buffer.alloc(0);
    const end = (error: string | null): void =>
      resolve({ status, error, answer: status === null ? null : kept.toString('utf8').replaceAll('\u0000', '') });
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: () => undefined,
      onResponseStart: (_, statusCode) => void (status = statusCode),
      onResponseData: (_, chunk) => {
        if (kept.length < KEPT_BYTES) kept = Buffer.concat([kept, chunk.subarray(0, KEPT_BYTES - kept.length)]);
      },
      onResponseEnd: () => end(null),
      onResponseError: (_, error) => end(`connection_failed: ${error.name}`),
    };
    const timeouts = { headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS };
    pool.dispatch({ method: 'POST', path, headers, body, ...timeouts }, handler);
  });
}
