import { Injectable } from '@nestjs/common';
import { Prices } from '../catalog/prices.service.js';
import { notFound } from '../common/problems.js';
import { Database, type Tx } from '../database/database.js';
import { Relay } from '../events/relay.js';
import type { PlatformCode } from '../platforms/platform.js';
import { Platforms } from '../platforms/registry.js';
import { BusinessTime } from '../tenancy/business-time.js';
import type { AppRecord, RequestContext, ServerCaller, UserCaller } from '../tenancy/caller.js';
import { Idempotency } from '../tenancy/idempotency.js';
import { Payers } from '../tenancy/payers.js';
import { parseSettingsByPlatform, type SettingsByPlatform } from '../tenancy/platform-settings.js';
import { type AttemptPlan, Attempts, isPayable } from './attempts.js';
import { contentOf, type MadePayment, NewPayments, type PaymentDraft } from './new-payments.js';
import { paymentView } from './payment.views.js';
import type { CreateMyPayment, CreatePayment, PaymentView } from './payments.schemas.js';
import { ATTEMPTS_OF, FIND, TAKE_TURNS } from './payments.sql.js';
import { type AttemptRow, isOpen, type PaymentRow } from './rows.js';

const DEFAULT_EXPIRY_SECONDS = 2 * 3_600;

/** What a request asks for. */
interface Wish extends Omit<PaymentDraft, 'expiresAt' | 'contentHash'> {
  /** Seconds. */
  readonly expiresIn: number;
  readonly priceOptions: SettingsByPlatform;
  readonly platform?: PlatformCode | undefined;
  readonly platformAppId?: string | undefined;
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
    private readonly time: BusinessTime,
    private readonly attempts: Attempts,
    private readonly newPayments: NewPayments,
    private readonly prices: Prices,
    private readonly platforms: Platforms,
    private readonly payers: Payers,
    private readonly idempotency: Idempotency,
    private readonly relay: Relay,
  ) {}

  /** Any amount for any user of the app. */
  create({ app }: ServerCaller, body: CreatePayment, context: RequestContext): Promise<CreatedPayment> {
    const { platformOptions, ...rest } = body;
    const wishOf = async (): Promise<Wish> => {
      const options = parseSettingsByPlatform(this.platforms, platformOptions, 'platformOptions');
      return { ...rest, options, priceOptions: {}, source: 'server', isHeard: false };
    };
    return this.#create(app, body.platform, wishOf, context);
  }

  /** A public price, within its bounds: the front end is in the hands of its users. */
  async createMine({ app, userId }: UserCaller, body: CreateMyPayment, context: RequestContext): Promise<PaymentView> {
    const wishOf = async (): Promise<Wish> => {
      const { price, amount, subject, hasFeatures } = await this.prices.payable(app.id, body.priceId, body.quantity);
      return {
        ...{ userId, amount, currency: 'CNY', subject, expiresIn: DEFAULT_EXPIRY_SECONDS, metadata: {}, options: {} },
        priceOptions: price.platforms,
        price: { id: price.id, quantity: body.quantity },
        source: 'user',
        isHeard: hasFeatures,
        platform: body.platform,
        platformAppId: body.platformAppId,
      };
    };
    const { payment } = await this.#create(app, body.platform, wishOf, context);
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
    wishOf: () => Promise<Wish>,
    context: RequestContext,
  ): Promise<CreatedPayment> {
    const made = await this.idempotency.orReplay(
      context.idempotency,
      async () => this.#make(app, await wishOf(), context),
      async ({ resourceId }) => ({ isNew: false, payment: await this.find(app.id, resourceId) }),
    );
    if (made.isNew) this.relay.nudge();
    return { isNew: made.isNew, payment: await this.#handOver(app, made, platform) };
  }

  async #make(app: AppRecord, wish: Wish, context: RequestContext): Promise<MadePayment> {
    const { platform, platformAppId, expiresIn } = wish;
    const layers = { price: wish.priceOptions, payment: wish.options };
    const plan = platform && (await this.attempts.plan(app, wish.userId, { platform, platformAppId }, layers));
    const userId = plan ? plan.userId : await this.payers.userOf(app.id, wish.userId);
    const expiresAt = new Date(this.time.now(app).getTime() + expiresIn * 1_000);
    const draft = { ...wish, userId, expiresAt, contentHash: hashOf(wish) };
    return (await this.#insertAtOnce(app, draft, plan, context)) ?? this.#insert(app, draft, plan, context);
  }

  /** The usual case in one round trip, key row included; undefined when the reference decides, or a user's turn. */
  async #insertAtOnce(
    app: AppRecord,
    draft: PaymentDraft,
    plan: AttemptPlan | undefined,
    { idempotency: key }: RequestContext,
  ): Promise<MadePayment | undefined> {
    if (draft.source === 'user') return undefined;
    try {
      return await this.newPayments.insert(app, draft, plan, { key });
    } catch (error) {
      const { resourceId } = await this.idempotency.repeated(key, error);
      return { isNew: false, payment: await this.find(app.id, resourceId) };
    }
  }

  #insert(
    app: AppRecord,
    draft: PaymentDraft,
    plan: AttemptPlan | undefined,
    context: RequestContext,
  ): Promise<MadePayment> {
    return this.idempotency.once(
      context.idempotency,
      async (tx) => {
        const made = await this.#insertIn(tx, app, draft, plan);
        return { id: made.payment.id, result: made };
      },
      async ({ resourceId }) => ({ isNew: false, payment: await this.find(app.id, resourceId) }),
    );
  }

  async #insertIn(tx: Tx, app: AppRecord, draft: PaymentDraft, plan: AttemptPlan | undefined): Promise<MadePayment> {
    if (draft.source === 'user') await this.db.run(TAKE_TURNS, [app.id, draft.userId], tx);
    return this.newPayments.insertOrFind(tx, app, draft, plan);
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

/**
 * What a reference stands for, besides its user, who may be merged into another by now. Metadata and options may differ:
 * they do not change what is paid.
 */
const hashOf = ({ amount, currency, subject }: Wish): Buffer => contentOf(amount, currency, subject);
