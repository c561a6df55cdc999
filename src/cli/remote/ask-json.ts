import { type Response, fetch } from 'undici';
import { StartError } from '../../common/start-error.js';

const TIMEOUT_MS = 15_000;

/** A server that was asked gave no answer, or not the one that was hoped for; `line` says it to a person. */
export class RemoteError extends StartError {
  constructor(
    line: string,
    /** Its status; undefined when there was no answer. */
    readonly status: number | undefined,
    /** How long it wants to be left alone, in milliseconds. */
    readonly retryAfter = 0,
    options?: ErrorOptions,
  ) {
    super(line, options);
  }

  /** The same question may be answered later. */
  get isAway(): boolean {
    return this.status === undefined || this.status >= 500 || this.status === 429 || this.status === 408;
  }
}

export interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks a server of ours; `who` is its name in errors. Follows no redirect: the question holds a secret key. Throws
 * RemoteError, or the signal's reason once that is aborted.
 */
export async function askJson<T>(who: string, url: URL, question: Question = {}): Promise<T> {
  const { method = question.body ? 'POST' : 'GET', headers, body, signal } = question;
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const answer = await fetch(url, {
      method,
      headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
      redirect: 'manual',
      signal: signal ? AbortSignal.any([timeout, signal]) : timeout,
    });
    return await read<T>(who, `${method} ${url.pathname}`, answer);
  } catch (error) {
    if (error instanceof RemoteError) throw error;
    signal?.throwIfAborted();
    throw new RemoteError(`${who} does not answer (${reasonOf(error)}).`, undefined, 0, { cause: error });
  }
}

async function read<T>(who: string, what: string, answer: Response): Promise<T> {
  const { status, headers } = answer;
  const text = await answer.text();
  if (status >= 300 && status < 400) {
    throw new RemoteError(`${who} redirects to ${headers.get('location') ?? 'nowhere'}: use that address.`, status);
  }
  if (answer.ok && text === '') return undefined as T;
  const said = parsed(text);
  if (said === undefined) {
    throw new RemoteError(`${who} answers ${status}, and not in JSON: is that the right address?`, status);
  }
  if (answer.ok) return said as T;
  // A problem of the API, or an error of the sandbox.
  const { detail, message, title, code, error } = said as Partial<Record<string, unknown>>;
  const why = [detail, message, title].find((one) => typeof one === 'string') ?? `status ${status}`;
  const name = [code, error].find((one) => typeof one === 'string');
  const retryAfter = Number(headers.get('retry-after') ?? 0) * 1_000 || 0;
  throw new RemoteError(`${who}: ${what}: ${why}${name === undefined ? '' : ` (${name})`}`, status, retryAfter);
}

/** An object or array; undefined for anything else. */
function parsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const first = cause instanceof AggregateError && cause.errors[0] instanceof Error ? cause.errors[0] : cause;
  if (!(first instanceof Error)) return 'unknown';
  return 'code' in first && typeof first.code === 'string' ? first.code : first.name;
}
