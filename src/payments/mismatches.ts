import { Injectable, Logger } from '@nestjs/common';
import { Mismatch } from '../callbacks/mismatch.js';
import type { AppRecord } from '../tenancy/caller.js';
import type { AttemptRow } from './rows.js';

const UNIQUE_VIOLATION = '23505';
const TRANSACTION_INDEX = 'payment_attempts_transaction';

/** Raises the alarm when a platform says what cannot be. */
@Injectable()
export class Mismatches {
  readonly #log = new Logger(Mismatches.name);

  /** Whether `error` is one; then it is in the log, and the caller goes on without believing. */
  alarm(app: AppRecord, { id }: Pick<AttemptRow, 'id'>, error: unknown): boolean {
    const mismatch = asMismatch(error);
    if (!mismatch) return false;
    this.#log.error({ app: app.id, attempt: id, field: mismatch.field }, `not believed: ${mismatch.message}`);
    return true;
  }
}

/** A Mismatch, also where the database found it: a transaction of the platform that another attempt has. */
export function asMismatch(error: unknown): Mismatch | undefined {
  if (error instanceof Mismatch) return error;
  const { code, constraint } = (error ?? {}) as { code?: unknown; constraint?: unknown };
  if (code !== UNIQUE_VIOLATION || constraint !== TRANSACTION_INDEX) return undefined;
  return new Mismatch('transaction', 'the transaction belongs to another attempt');
}
