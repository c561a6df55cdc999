import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Prices } from '../catalog/prices.service.js';
import { Clock } from '../common/clock.js';
import { newId } from '../common/ids.js';
import { notFound, problem } from '../common/problems.js';
import { Database, type Tx } from '../database/database.js';
import { Relay } from '../events/relay.js';
import type { PlatformCode } from '../platforms/platform.js';
import { Platforms } from '../platforms/registry.js';
import { BusinessTime } from '../tenancy/business-time.js';
import type { AppRecord, RequestContext, ServerCaller, UserCaller } from '../tenancy/caller.js';
import { Idempotency } from '../tenancy/idempotency.js';
import { Payers } from '../tenancy/payers.js';
import { parseSettingsByPlatform, type SettingsByPlatform } from '../tenancy/platform-settings.js';
import { type AttemptDraft, type AttemptPlan, Attempts, isPayable } from './attempts.js';
import { paymentView } from './payment.views.js';
import type { CreateMyPayment, CreatePayment, PaymentView } from './payments.schemas.js';
import { ATTEMPTS_OF, CREATE, FIND, FIND_BY_REFERENCE, MOST_OPEN_OF_USER, TAKE_TURNS } from './payments.sql.js';
import { type AttemptRow, isOpen, type PaymentRow } from './rows.js';

const DEFAULT_EXPIRY_SECONDS = 2 * 3_600;

/** A payment before it is written. */
interface Draft {
  readonly userId: string;
  readonly amount: number;
  readonly currency: 'CNY';
  readonly subject: string;
  readonly reference?: string | undefined;
  readonly expiresIn: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly options: SettingsByPlatform;
  readonly priceOptions: SettingsByPlatform;
  readonly price?: { readonly id: string; readonly quantity: number };
  readonly source: 'user' | 'server';
  readonly platform?: PlatformCode | undefined;
  readonly platformAppId?: string | undefined;
}

/** A payment that was written, or found; with its attempt where that is known. */
interface MadePayment {
  readonly isNew: boolean;
  readonly payment: PaymentRow;
  readonly attempt?: AttemptRow;
}

/** What a request made, or found made before under the same reference. */
export interface CreatedPayment {
  readonly isNew: boolean;
  readonly payment: PaymentView;
}

/** Intents to be paid. */
@Injectable()
export class Payments {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly time: BusinessTime,
    private readonly attempts: Attempts,
    private readonly prices: Prices,
    private readonly platforms: Platforms,
    private readonly payers: Payers,
    private readonly idempotency: Idempotency,
    private readonly relay: Relay,
  ) {}

  /** Any amount for any user of the app. */
  create({ app }: ServerCaller, body: CreatePayment, context: RequestContext): Promise<CreatedPayment> {
    const { platformOptions, ...rest } = body;
    const draftOf = async (): Promise<Draft> => {
      const options = parseSettingsByPlatform(this.platforms, platformOptions, 'platformOptions');
      return { ...rest, options, priceOptions: {}, source: 'server' };
    };
    return this.#create(app, body.platform, draftOf, context);
  }

  /** A public price, within its bounds: the front end is in the hands of its users. */
  async createMine({ app, userId }: UserCaller, body: CreateMyPayment, context: RequestContext): Promise<PaymentView> {
    const draftOf = async (): Promise<Draft> => {
      const { price, amount, subject } = await this.prices.payable(app.id, body.priceId, body.quantity);
      return {
        ...{ userId, amount, currency: 'CNY', subject, expiresIn: DEFAULT_EXPIRY_SECONDS, metadata: {}, options: {} },
        priceOptions: price.platforms,
        price: { id: price.id, quantity: body.quantity },
        source: 'user',
        platform: body.platform,
        platformAppId: body.platformAppId,
      };
    };
    const { payment } = await this.#create(app, body.platform, draftOf, context);
    return payment;
  }

  /** The payment with what the client does next. Throws `payment_not_found`, also for another user's. */
  async get(app: AppRecord, id: string, ofUser?: string): Promise<PaymentView> {
    const payment = await this.find(app.id, id, ofUser);
    return this.view(app, payment);
  }

  async find(appId: string, id: string, ofUser?: string): Promise<PaymentRow> {
    const [payment] = await this.db.run<PaymentRow>(FIND, [appId, id]);
    if (!payment || (ofUser !== undefined && payment.userId !== ofUser)) throw notFound('payment', id);
    return payment;
  }

  attemptsOf(appId: string, paymentIds: readonly string[], tx?: Tx): Promise<AttemptRow[]> {
    return this.db.run<AttemptRow>(ATTEMPTS_OF, [appId, paymentIds], tx);
  }

  async view(app: AppRecord, payment: PaymentRow): Promise<PaymentView> {
    const attempts = await this.attemptsOf(app.id, [payment.id]);
    return paymentView(payment, attempts, await this.attempts.clientAction(app, payment, attempts));
  }

  async #create(
    app: AppRecord,
    platform: PlatformCode | undefined,
    draftOf: () => Promise<Draft>,
    context: RequestContext,
  ): Promise<CreatedPayment> {
    const made = await this.idempotency.orReplay(
      context.idempotency,
      async () => this.#make(app, await draftOf(), context),
      async ({ resourceId }) => ({ isNew: false, payment: await this.find(app.id, resourceId) }),
    );
    if (made.isNew) this.relay.nudge();
    return { isNew: made.isNew, payment: await this.#handOver(app, made, platform) };
  }

  async #make(app: AppRecord, draft: Draft, context: RequestContext): Promise<MadePayment> {
    const { platform, platformAppId } = draft;
    const layers = { price: draft.priceOptions, payment: draft.options };
    const plan = platform && (await this.attempts.plan(app, draft.userId, { platform, platformAppId }, layers));
    const userId = plan ? plan.userId : await this.payers.userOf(app.id, draft.userId);
    const complete = { ...draft, userId };
    return (await this.#insertAtOnce(app, complete, plan, context)) ?? this.#insert(app, complete, plan, context);
  }

  /** The usual case in one round trip, key row included; undefined when the reference decides, or a user's turn. */
  async #insertAtOnce(
    app: AppRecord,
    draft: Draft,
    plan: AttemptPlan | undefined,
    { idempotency: key }: RequestContext,
  ): Promise<MadePayment | undefined> {
    if (draft.source === 'user') return undefined;
    const payment = this.#rowOf(app, draft, plan);
    const attempt = plan && this.attempts.draft(app, plan);
    try {
      const values = [...this.#values(payment, attempt), ...this.idempotency.columns(key)];
      if ((await this.db.run(CREATE, values)).length === 0) return undefined;
      return { isNew: true, payment, ...(attempt && { attempt: this.attempts.rowOf(payment, attempt) }) };
    } catch (error) {
      const { resourceId } = await this.idempotency.repeated(key, error);
      return { isNew: false, payment: await this.find(app.id, resourceId) };
    }
  }

  #insert(app: AppRecord, draft: Draft, plan: AttemptPlan | undefined, context: RequestContext): Promise<MadePayment> {
    return this.idempotency.once(
      context.idempotency,
      async (tx) => {
        const made = await this.#insertIn(tx, app, draft, plan);
        return { id: made.payment.id, result: made };
      },
      async ({ resourceId }) => ({ isNew: false, payment: await this.find(app.id, resourceId) }),
    );
  }

  async #insertIn(tx: Tx, app: AppRecord, draft: Draft, plan: AttemptPlan | undefined): Promise<MadePayment> {
    if (draft.source === 'user') await this.db.run(TAKE_TURNS, [app.id, draft.userId], tx);
    const payment = this.#rowOf(app, draft, plan);
    const attempt = plan && this.attempts.draft(app, plan);
    // The key row is written by the transaction.
    const values = [...this.#values(payment, attempt), ...this.idempotency.columns(undefined)];
    const isNew = (await this.db.run(CREATE, values, tx)).length > 0;
    if (isNew) return { isNew, payment, ...(attempt && { attempt: this.attempts.rowOf(payment, attempt) }) };
    await this.#mustStillBe(tx, app, draft);
    if (draft.reference === undefined) throw tooMany();
    return { isNew: false, payment: await this.#before(tx, app.id, draft.reference, draft) };
  }

  /** Throws when the user was merged or erased after the payment was planned. */
  async #mustStillBe(tx: Tx, app: AppRecord, { userId }: Draft): Promise<void> {
    if ((await this.payers.userOf(app.id, userId, tx)) === userId) return;
    throw problem('unavailable', 'The user is being merged into another right now. Try again.', { retryAfter: 1 });
  }

  /** The row as `CREATE` writes it, so that it need not be read back. */
  #rowOf(app: AppRecord, draft: Draft, plan: AttemptPlan | undefined): PaymentRow {
    const { userId, amount, currency, subject, source } = draft;
    const now = this.clock.now();
    return {
      ...{ appId: app.id, id: newId('payment'), userId, amount, currency, subject, source },
      ...{ status: plan ? 'pending' : 'created', amountPaid: 0, amountRefunded: 0, sequence: 1 },
      reference: draft.reference ?? null,
      contentHash: hashOf(draft),
      priceId: draft.price?.id ?? null,
      quantity: draft.price?.quantity ?? null,
      metadata: draft.metadata,
      platformOptions: draft.options,
      expiresAt: new Date(this.time.now(app).getTime() + draft.expiresIn * 1_000),
      ...{ closingSince: null, closeReason: null, paidAt: null, createdAt: now, updatedAt: now },
    };
  }

  #values(payment: PaymentRow, attempt: AttemptDraft | undefined) {
    const { appId, id, userId, status, amount, currency, subject, reference, contentHash, source } = payment;
    return [
      ...[appId, id, userId, status, amount, currency, subject, reference, contentHash, source],
      ...[payment.priceId, payment.quantity, JSON.stringify(payment.metadata), JSON.stringify(payment.platformOptions)],
      ...[payment.expiresAt, payment.createdAt, newId('event'), source === 'user' ? MOST_OPEN_OF_USER : null],
      ...(attempt ? this.attempts.values(attempt) : NO_ATTEMPT),
    ];
  }

  /** The payment that has the reference already, if it is for the same thing. */
  async #before(tx: Tx, appId: string, reference: string, draft: Draft): Promise<PaymentRow> {
    const [earlier] = await this.db.run<PaymentRow>(FIND_BY_REFERENCE, [appId, reference], tx);
    // Its payment ended between the two statements: the next try makes a new one.
    if (!earlier) throw problem('unavailable', 'This reference is being used right now. Try again.', { retryAfter: 1 });
    if (earlier.userId === draft.userId && earlier.contentHash.equals(hashOf(draft))) return earlier;
    throw problem(
      'payment_reference_taken',
      `The reference ${reference} belongs to ${earlier.id}, which asks for something else.`,
      { paymentId: earlier.id },
    );
  }

  /** After the commit: the platform gets the attempt that is still to be handed over, and the caller what comes next. */
  async #handOver(app: AppRecord, { payment, attempt }: MadePayment, platform: PlatformCode | undefined) {
    const attempts = attempt
      ? [attempt]
      : payment.status === 'created'
        ? []
        : await this.attemptsOf(app.id, [payment.id]);
    const newest = attempts.at(-1);
    const isWaiting = newest && newest.platform === platform && isOpen(newest) && payment.closingSince === null;
    if (isWaiting && !isPayable(newest, this.time.now(app))) {
      attempts[attempts.length - 1] = await this.attempts.submit(app, payment, newest);
    }
    return paymentView(payment, attempts, await this.attempts.clientAction(app, payment, attempts));
  }
}

const NO_ATTEMPT = [null, null, null, null, null, null, null, null] as const;

/**
 * What a reference stands for, besides its user, who may be merged into another by now. Metadata and options may differ:
 * they do not change what is paid.
 */
const hashOf = ({ amount, currency, subject }: Draft): Buffer =>
  createHash('sha256')
    .update(JSON.stringify([amount, currency, subject]))
    .digest();

const tooMany = () =>
  problem(
    'too_many_open_payments',
    `This user has ${MOST_OPEN_OF_USER} open payments. Pay or cancel one of them first.`,
    { retryAfter: 60 },
  );
