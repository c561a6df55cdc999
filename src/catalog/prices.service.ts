import { Injectable } from '@nestjs/common';
import { LessThan, type QueryDeepPartialEntity } from 'typeorm';
import { newId } from '../common/ids.js';
import { MOST_FEN, type Fen, toFen } from '../common/money.js';
import { fromCursor, type Page, toPage } from '../common/pagination.js';
import { invalid, notFound, problem } from '../common/problems.js';
import { Database, statement, type Tx } from '../database/database.js';
import { Platforms } from '../platforms/registry.js';
import { Audit } from '../tenancy/audit.js';
import type { RequestContext, ServerCaller } from '../tenancy/caller.js';
import { Idempotency } from '../tenancy/idempotency.js';
import { parseSettingsByPlatform, type SettingsByPlatform } from '../tenancy/platform-settings.js';
import { type Introductory, PriceRow, type Recurring } from './price.entity.js';
import { type CreatePrice, type PriceQuery, type PriceView, type UpdatePrice } from './prices.schemas.js';
import { type FeatureValue, ProductRow } from './product.entity.js';

/** A price as other domains see it. */
export interface Price {
  readonly id: string;
  readonly productId: string;
  /** Fen, for one. */
  readonly amount: Fen;
  readonly currency: 'CNY';
  /** Null: charged once. */
  readonly recurring: Recurring | null;
  /** Days before the first period is charged. */
  readonly trialDays: number;
  /** What the first periods cost instead, fen for one; null: nothing else. */
  readonly introductory: (Introductory & { readonly amount: Fen }) | null;
  readonly audience: 'public' | 'server';
  readonly maxQuantity: number;
  readonly active: boolean;
  readonly platforms: SettingsByPlatform;
}

/** What a user is to pay for some of a price. */
export interface Payable {
  readonly price: Price;
  /** Fen, for all of them. */
  readonly amount: Fen;
  /** What the payer reads: at most 127 characters, none of which a platform refuses. */
  readonly subject: string;
  /** Whether the product gives its buyer something to use: features. */
  readonly hasFeatures: boolean;
}

/** A price with what it is a price of. */
export interface Offer {
  readonly price: Price;
  readonly product: {
    readonly id: string;
    readonly name: string;
    readonly features: Readonly<Record<string, FeatureValue>>;
    readonly active: boolean;
  };
}

/** On the way of every payment by a user: one round trip, planned once. */
const PAYABLE = statement(`
  select p.id, p.product_id as "productId", p.amount::float8 as amount, p.currency, p.recurring, p.audience,
    p.max_quantity as "maxQuantity", p.active, p.platforms, p.trial_days as "trialDays", p.introductory,
    d.name as "productName", d.active as "productActive", d.features
  from prices p join products d on d.app_id = p.app_id and d.id = p.product_id
  where p.app_id = $1 and p.id = $2`);

type PricedRow = Omit<PriceRow, 'appId' | 'createdAt' | 'updatedAt'>;
interface PayableRow extends PricedRow, Record<string, unknown> {
  productName: string;
  productActive: boolean;
  features: Record<string, FeatureValue>;
}

/** For how much the products of an app are sold, once or every period. */
@Injectable()
export class Prices {
  constructor(
    private readonly db: Database,
    private readonly platforms: Platforms,
    private readonly idempotency: Idempotency,
    private readonly audit: Audit,
  ) {}

  /** A price of the app, also one that is no longer active. Throws `price_not_found`. */
  async find(appId: string, id: string): Promise<Price> {
    return toPrice(await this.#row(appId, id));
  }

  /** A price of the app and its product, also when they are no longer active. Throws `price_not_found`. */
  async offer(appId: string, id: string, tx?: Tx): Promise<Offer> {
    const [row] = await this.db.run<PayableRow>(PAYABLE, [appId, id], tx);
    if (!row) throw notFound('price', id);
    const { productId, productName: name, productActive: active, features } = row;
    return { price: toPrice(row), product: { id: productId, name, features, active } };
  }

  /**
   * What a user's front end may pay for `quantity` of a price. Throws `price_not_found`, and 422 `price_not_payable`
   * unless price and product are active and the price is public, charged once, and for that many.
   */
  async payable(appId: string, id: string, quantity: number): Promise<Payable> {
    const [row] = await this.db.run<PayableRow>(PAYABLE, [appId, id]);
    if (!row) throw notFound('price', id);
    const obstacle = obstacleOf(row, quantity);
    if (obstacle) throw problem('price_not_payable', `Price ${id} ${obstacle}.`);
    const subject = quantity === 1 ? row.productName : `${row.productName} × ${quantity}`;
    return {
      price: toPrice(row),
      amount: toFen(row.amount * quantity),
      subject,
      hasFeatures: Object.keys(row.features).length > 0,
    };
  }

  create({ app }: ServerCaller, body: CreatePrice, context: RequestContext): Promise<PriceView> {
    const platforms = parseSettingsByPlatform(this.platforms, body.platforms, 'platforms');
    const { recurring: given, ...once } = body;
    const { trialDays = 0, introductory = null, ...every } = given ?? {};
    const recurring = given && (every as Recurring);
    mustBePayable(Math.max(body.amount, introductory?.amount ?? 0), body.maxQuantity);
    return this.idempotency.once(
      context.idempotency,
      async (tx) => {
        if (!(await tx.existsBy(ProductRow, { appId: app.id, id: body.productId }))) {
          throw invalid('productId', 'this app has no such product');
        }
        const id = newId('price');
        const row = await tx.save(
          tx.create(PriceRow, { appId: app.id, id, ...once, recurring, trialDays, introductory, platforms }),
        );
        const fields = Object.keys(body);
        await this.audit.record(tx, context, { appId: app.id, action: 'price.create', target: id, fields });
        return { id, result: toView(row) };
      },
      ({ resourceId }) => this.get(app.id, resourceId),
    );
  }

  async get(appId: string, id: string): Promise<PriceView> {
    return toView(await this.#row(appId, id));
  }

  async list(appId: string, { limit, cursor, productId, active }: PriceQuery): Promise<Page<PriceView>> {
    const rows = await this.db.dataSource.manager.find(PriceRow, {
      where: {
        appId,
        ...(productId === undefined ? {} : { productId }),
        ...(active === undefined ? {} : { active: active === 'true' }),
        ...(cursor === undefined ? {} : { id: LessThan(fromCursor(cursor, /^prc_[0-9a-f]{32}$/)) }),
      },
      order: { id: 'DESC' },
      take: limit + 1,
    });
    return toPage(rows, limit, ({ id }) => id, toView);
  }

  /** Changes who may pay a price and how; what it costs never changes. */
  async update({ app }: ServerCaller, id: string, body: UpdatePrice, context: RequestContext): Promise<PriceView> {
    const { platforms, maxQuantity } = body;
    const settings = platforms && { platforms: parseSettingsByPlatform(this.platforms, platforms, 'platforms') };
    return this.idempotency.once(
      context.idempotency,
      async (tx) => {
        const { amount } = await this.#row(app.id, id, tx);
        if (maxQuantity !== undefined) mustBePayable(amount, maxQuantity);
        const where = { appId: app.id, id };
        const changes = { ...body, ...settings, updatedAt: () => 'now()' } as QueryDeepPartialEntity<PriceRow>;
        await tx.update(PriceRow, where, changes);
        const fields = Object.keys(body);
        await this.audit.record(tx, context, { appId: app.id, action: 'price.update', target: id, fields });
        return { id, result: toView(await this.#row(app.id, id, tx)) };
      },
      () => this.get(app.id, id),
    );
  }

  async #row(appId: string, id: string, tx: Tx = this.db.dataSource.manager): Promise<PriceRow> {
    const row = await tx.findOneBy(PriceRow, { appId, id });
    if (!row) throw notFound('price', id);
    return row;
  }
}

/** Why a user cannot pay that, to go on after "Price prc_… ". */
function obstacleOf(price: PayableRow, quantity: number): string | undefined {
  if (!price.active || !price.productActive) return 'is no longer sold';
  if (price.audience !== 'public') return 'is not for users: only the secret key can charge it';
  if (price.recurring) return 'is charged every period: subscribe to it';
  const fits = Number.isInteger(quantity) && quantity >= 1 && quantity <= price.maxQuantity;
  return fits ? undefined : `can be paid for a quantity of 1 to ${price.maxQuantity}`;
}

/** No platform takes more at once, so that nobody is sent there with it. */
function mustBePayable(amount: number, maxQuantity: number): void {
  const most = Math.floor(MOST_FEN / amount);
  if (maxQuantity > most) throw invalid('maxQuantity', `at most ${most} of this price can be paid at once`);
}

const toPrice = (row: PricedRow): Price => {
  const { id, productId, currency, recurring, trialDays, audience, maxQuantity, active, platforms } = row;
  const introductory = row.introductory && { ...row.introductory, amount: toFen(row.introductory.amount) };
  const cost = { amount: toFen(row.amount), currency, recurring, trialDays, introductory };
  return { id, productId, ...cost, audience, maxQuantity, active, platforms };
};

const toView = (row: PriceRow): PriceView => {
  const { trialDays, introductory, recurring, ...price } = toPrice(row);
  return {
    ...price,
    recurring: recurring && { ...recurring, trialDays, introductory },
    platforms: { ...row.platforms },
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
};
