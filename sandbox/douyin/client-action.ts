import { SandboxError } from '../core/errors.js';
import type { cashierSchema } from '../core/platform.js';

export type CashierInput = ReturnType<typeof cashierSchema.parse>;

/** What the developer's server signed for the first call. Throws SandboxError where no client could run it. */
export function signedParams({ clientAction: { params } }: CashierInput): { data: string; byteAuthorization: string } {
  const { data, byteAuthorization } = params;
  if (typeof data !== 'string' || typeof byteAuthorization !== 'string')
    throw unplayable('"params" must have "data" and "byteAuthorization", both text');
  return { data, byteAuthorization };
}

/** The parameters of the second call: its own, and what `take` copies from `given`, the answer of the first. */
export function nextParams(
  { clientAction: { next } }: CashierInput,
  method: string,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  if (next?.method !== method) throw unplayable(`"next" must call "${method}": without it nobody pays or signs`);
  const call = { ...next.params };
  for (const [parameter, field] of Object.entries(next.take)) call[parameter] = given[field];
  return call;
}

export const unplayable = (message: string): SandboxError =>
  new SandboxError(422, 'client_action_refused', `clientAction: ${message}`);
