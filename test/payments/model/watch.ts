import { PAYMENT_INVARIANTS } from '../../../src/payments/invariants.js';
import { ATTEMPT_MOVES, type Move, PAYMENT_MOVES, REFUND_MOVES } from '../../../src/payments/moves.js';
import { Broken, insist, type Stage } from './stage.js';

type Kind = 'payment' | 'attempt' | 'refund';
interface Seen {
  readonly kind: Kind;
  readonly id: string;
  readonly status: string;
}

/**
 * Everything of one payment ($2), and with it the invariants again for some rows only ($3): the planner takes the ids down
 * to the indexes.
 */
const LOOK = [
  `select 'payment' as kind, id, status from payments where app_id = $1 and id = $2
  union all select 'attempt', id, status from payment_attempts where app_id = $1 and payment_id = $2
  union all select 'refund', id, status from refunds where app_id = $1 and payment_id = $2`,
  ...PAYMENT_INVARIANTS.map(
    ({ name, sql }) =>
      `select 'broken', broken.id, '${name.replaceAll("'", "''")}' from (${sql.replaceAll(
        /\(\$1::text is null or (\w+)\.app_id = \$1\)/g,
        '$1.app_id = $$1',
      )}) broken where broken.id = any($3::text[])`,
  ),
].join('\nunion all\n');

const MOVES: Readonly<Record<Kind, readonly Move[]>> = {
  payment: Object.values(PAYMENT_MOVES),
  attempt: Object.values(ATTEMPT_MOVES),
  refund: Object.values(REFUND_MOVES),
};

/** Whether any number of moves leads from one status to the other. */
function mayBecome(kind: Kind, from: string, to: string): boolean {
  const reached = new Set([from]);
  for (const status of reached) {
    for (const move of MOVES[kind]) if (move.from.includes(status)) reached.add(move.to);
  }
  return reached.has(to);
}

/** Keeps an eye on everything that was touched: the promises about rows, and that statuses only move along their tables. */
export class Watch {
  /** Of each payment what the database showed last: the status of each of its objects. */
  readonly #last = new Map<string, ReadonlyMap<string, string>>();
  /** What callers were answered since the last look at a payment. */
  readonly #told = new Map<string, Seen[]>();
  readonly #turns = new Map<string, Promise<unknown>>();
  /** Looks that have not begun: who wants one meanwhile shares it. */
  readonly #waiting = new Map<string, Promise<void>>();
  readonly traces = new Map<string, string[]>();
  /** Looks so far. */
  looks = 0;

  constructor(readonly stage: Stage) {}

  note(paymentId: string | undefined, line: string): void {
    if (paymentId === undefined) return;
    this.traces.set(paymentId, [...(this.traces.get(paymentId) ?? []).slice(-100), line]);
  }

  /** What is known of a payment, to be asked for before a call that will tell of it. */
  known(paymentId: string): ReadonlyMap<string, string> {
    return this.#last.get(paymentId) ?? new Map<string, string>();
  }

  /** An answer about an object of a payment: not older than what was known before, and not newer than the next look. */
  told(paymentId: string, seen: Seen, before: ReadonlyMap<string, string> = new Map()): void {
    const { kind, id, status } = seen;
    const last = before.get(id);
    if (last !== undefined && !mayBecome(kind, last, status)) {
      throw new Broken(`${kind} ${id} was ${last}, and yet somebody was told ${status}`, paymentId);
    }
    this.#told.set(paymentId, [...(this.#told.get(paymentId) ?? []), seen]);
  }

  /** Looks at one payment: one after another, so that what is seen later is also later. */
  look(appId: string, paymentId: string): Promise<void> {
    const waiting = this.#waiting.get(paymentId);
    if (waiting) return waiting;
    const before = this.#turns.get(paymentId) ?? Promise.resolve();
    const mine = before
      .catch(() => undefined)
      .then(() => {
        this.#waiting.delete(paymentId);
        return this.#look(appId, paymentId);
      })
      .finally(() => {
        if (this.#turns.get(paymentId) === mine) this.#turns.delete(paymentId);
      });
    this.#waiting.set(paymentId, mine);
    this.#turns.set(paymentId, mine);
    return mine;
  }

  async #look(appId: string, paymentId: string): Promise<void> {
    this.looks += 1;
    const told = this.#told.get(paymentId) ?? [];
    this.#told.delete(paymentId);
    const known = this.known(paymentId);
    const ids = [...new Set([paymentId, ...known.keys(), ...told.map(({ id }) => id)])];
    const found = await insist(this.stage, () =>
      this.stage.query<Seen | { kind: 'broken'; id: string; status: string }>('model-look', LOOK, [
        appId,
        paymentId,
        ids,
      ]),
    );
    const broken = found.filter(({ kind }) => kind === 'broken');
    if (broken.length > 0) {
      throw new Broken(`not so: ${broken.map(({ status: what, id }) => `${what} (${id})`).join('; ')}`, paymentId);
    }
    const rows = found as Seen[];
    if (rows.length === 0) throw new Broken(`payment ${paymentId} was acknowledged and is gone`, paymentId);
    for (const { kind, id, status } of rows) {
      const last = known.get(id);
      if (last !== undefined && !mayBecome(kind, last, status)) {
        throw new Broken(`${kind} ${id} went from ${last} to ${status}`, paymentId);
      }
    }
    this.#last.set(paymentId, new Map(rows.map(({ id, status }) => [id, status])));
    for (const { kind, id, status } of told) {
      const now = rows.find((row) => row.id === id);
      if (!now) throw new Broken(`${kind} ${id} was acknowledged and is gone`, paymentId);
      if (!mayBecome(kind, status, now.status)) {
        throw new Broken(`${kind} ${id} is ${now.status} after somebody was told ${status}`, paymentId);
      }
    }
  }
}
