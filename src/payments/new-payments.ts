import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { newId } from '../common/ids.js';
import { problem } from '../common/problems.js';
import { Database, type Tx } from '../database/database.js';
import type { AppRecord } from '../tenancy/caller.js';
import { Idempotency, type IdempotencyKey } from '../tenancy/idempotency.js';
import { Payers } from '../tenancy/payers.js';
import type { SettingsByPlatform } from '../tenancy/platform-settings.js';
import { type AttemptDraft, type AttemptPlan, Attempts } from './attempts.js';
import { CREATE, FIND_BY_REFERENCE, MOST_OPEN_OF_USER } from './payments.sql.js';
import type { AttemptRow, PaymentRow } from './rows.js';

/** A payment before it is written. */
export interface PaymentDraft {
  readonly userId: string;
  /** Fen. */
  readonly amount: number;
  readonly currency: 'CNY';
  readonly subject: string;
  readonly reference?: string | undefined;
  /** Business time. */
  readonly expiresAt: Date;
  readonly metadata: Readonly<Record<string, string>>;
  readonly options: SettingsByPlatform;
  readonly price?: { readonly id: string; readonly quantity: number } | undefined;
  readonly source: 'user' | 'server';
  /** What the reference stands for: see `contentOf`. */
  readonly contentHash: Buffer;
  /** Whether listeners act in the transaction that settles it. */
  readonly isHeard: boolean;
}

/** A payment that was written, or found; with its attempt where that is known. */
export interface MadePayment {
  readonly isNew: boolean;
  readonly payment: PaymentRow;
  readonly attempt?: AttemptRow;
}

/** The hash by which a reference is known to stand for the same thing again. */
export const contentOf = (...what: readonly (string | number)[]): Buffer =>
  createHash('sha256').update(JSON.stringify(what)).digest();

/** Writes payments with their first attempt and their event, in one round trip. */
@Injectable()
export class NewPayments {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly attempts: Attempts,
    private readonly payers: Payers,
    private readonly idempotency: Idempotency,
  ) {}

  /**
   * With `plan` there is a first attempt, with `key` the key row too; its violation is thrown. Undefined: the reference is
   * taken, a user has too many open payments already, or the user is no longer there.
   */
  async insert(
    app: AppRecord,
    draft: PaymentDraft,
    plan: AttemptPlan | undefined,
    { key, tx }: { readonly key?: IdempotencyKey | undefined; readonly tx?: Tx },
  ): Promise<MadePayment | undefined> {
    const payment = this.#rowOf(app, draft, plan);
    const attempt = plan && this.attempts.draft(app, plan);
    const values = [...this.#values(payment, attempt), ...this.idempotency.columns(key)];
    if ((await this.db.run(CREATE, values, tx)).length === 0) return undefined;
    return { isNew: true, payment, ...(attempt && { attempt: this.attempts.rowOf(payment, attempt) }) };
  }

  /**
   * Gives the payment that has the reference, if that is for the same thing. Throws `payment_reference_taken`,
   * `too_many_open_payments`, and when the user was merged or erased after the payment was planned.
   */
  async insertOrFind(tx: Tx, app: AppRecord, draft: PaymentDraft, plan: AttemptPlan | undefined): Promise<MadePayment> {
    const made = await this.insert(app, draft, plan, { tx });
    if (made) return made;
    if ((await this.payers.userOf(app.id, draft.userId, tx)) !== draft.userId) {
      throw problem('unavailable', 'The user is being merged into another right now. Try again.', { retryAfter: 1 });
    }
    if (draft.reference === undefined) throw tooMany();
    return { isNew: false, payment: await this.#before(tx, app.id, draft.reference, draft) };
  }

  /** The payment that has the reference already, if it is for the same thing. */
  async #before(tx: Tx, appId: string, reference: string, draft: PaymentDraft): Promise<PaymentRow> {
    const [earlier] = await this.db.run<PaymentRow>(FIND_BY_REFERENCE, [appId, reference], tx);
    // Its payment ended between the two statements: the next try makes a new one.
    if (!earlier) throw problem('unavailable', 'This reference is being used right now. Try again.', { retryAfter: 1 });
    if (earlier.userId === draft.userId && earlier.contentHash.equals(draft.contentHash)) return earlier;
    throw problem(
      'payment_reference_taken',
      `The reference ${reference} belongs to ${earlier.id}, which asks for something else.`,
      { paymentId: earlier.id },
    );
  }

  /** The row as `CREATE` writes it, so that it need not be read back. */
  #rowOf(app: AppRecord, draft: PaymentDraft, plan: AttemptPlan | undefined): PaymentRow {
    const { userId, amount, currency, subject, source, contentHash, metadata, expiresAt, isHeard } = draft;
    const now = this.clock.now();
    return {
      ...{ appId: app.id, id: newId('payment'), userId, amount, currency, subject, source, contentHash, isHeard },
      ...{ status: plan ? 'pending' : 'created', amountPaid: 0, amountRefunded: 0, sequence: 1 },
      reference: draft.reference ?? null,
      priceId: draft.price?.id ?? null,
      quantity: draft.price?.quantity ?? null,
      metadata,
      platformOptions: draft.options,
      expiresAt,
      ...{ closingSince: null, closeReason: null, failureCode: null, paidAt: null, createdAt: now, updatedAt: now },
    };
  }

  #values(payment: PaymentRow, attempt: AttemptDraft | undefined) {
    const { appId, id, userId, status, amount, currency, subject, reference, contentHash, source } = payment;
    return [
      ...[appId, id, userId, status, amount, currency, subject, reference, contentHash, source],
      ...[payment.priceId, payment.quantity, JSON.stringify(payment.metadata), JSON.stringify(payment.platformOptions)],
      ...[payment.expiresAt, payment.createdAt, newId('event'), source === 'user' ? MOST_OPEN_OF_USER : null],
      payment.isHeard,
      ...(attempt ? this.attempts.values(attempt) : NO_ATTEMPT),
    ];
  }
}

const NO_ATTEMPT = [null, null, null, null, null, null, null, null, null] as const;

const tooMany = () =>
  problem(
    'too_many_open_payments',
    `This user has ${MOST_OPEN_OF_USER} open payments. Pay or cancel one of them first.`,
    { retryAfter: 60 },
  );
