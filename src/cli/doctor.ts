import type { DataSource } from 'typeorm';
import type { Invariant } from '../common/invariant.js';
import { CONSENT_INVARIANTS } from '../notifications/consent-invariants.js';
import { PAYMENT_INVARIANTS } from '../payments/invariants.js';
import { SUBSCRIPTION_INVARIANTS } from '../subscriptions/invariants.js';
import { withInstallation } from './installation.js';

/** Every promise that rows can show, of all domains. */
export const INVARIANTS: readonly Invariant[] = [
  ...PAYMENT_INVARIANTS,
  ...CONSENT_INVARIANTS,
  ...SUBSCRIPTION_INVARIANTS,
];

/** Offenders that are named; there may be more. */
const NAMED = 20;

export interface Violation {
  readonly invariant: string;
  readonly appId: string;
  readonly id: string;
}

/** Looks for rows that break a promise, in one app or in all. Reads only. */
export async function examine(database: DataSource, appId: string | null = null): Promise<Violation[]> {
  const violations: Violation[] = [];
  for (const { name, sql } of INVARIANTS) {
    const rows = await database.query<{ app_id: string; id: string }[]>(`${sql} limit ${NAMED}`, [appId]);
    violations.push(...rows.map((row) => ({ invariant: name, appId: row.app_id, id: row.id })));
  }
  return violations;
}

/** `minibase doctor --invariants`: prints what it found; exit code 1 when a promise is broken. */
export const doctor = ({ app }: { app?: string }): Promise<void> =>
  withInstallation(async ({ database }) => {
    const violations = await examine(database.dataSource, app ?? null);
    for (const { invariant, appId, id } of violations) process.stdout.write(`${appId} ${id}: not so: ${invariant}\n`);
    const verdict = violations.length === 0 ? 'all promises hold' : 'promises are broken, see above';
    process.stdout.write(`${INVARIANTS.length} promises examined: ${verdict}\n`);
    if (violations.length > 0) process.exitCode = 1;
  });
