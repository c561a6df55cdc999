import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { SettingsByPlatform } from '../tenancy/platform-settings.js';

/** How often a price is charged again; null: once. */
export interface Recurring {
  readonly interval: 'day' | 'week' | 'month' | 'year';
  readonly intervalCount: number;
}

/** What the first periods cost instead: `amount` fen each, `periods` of them. */
export interface Introductory {
  readonly amount: number;
  readonly periods: number;
}

@Entity('prices')
export class PriceRow {
  @PrimaryColumn('text')
  appId!: string;

  @PrimaryColumn('text')
  id!: string;

  @Column('text')
  productId!: string;

  /** Fen; Postgres gives a bigint as text. */
  @Column('bigint', { transformer: { from: Number, to: (value: number) => value } })
  amount!: number;

  @Column('text')
  currency!: 'CNY';

  @Column('jsonb', { nullable: true })
  recurring!: Recurring | null;

  @Column('integer', { default: 0 })
  trialDays!: number;

  @Column('jsonb', { nullable: true })
  introductory!: Introductory | null;

  @Column('text')
  audience!: 'public' | 'server';

  @Column('integer', { default: 1 })
  maxQuantity!: number;

  @Column('boolean', { default: true })
  active!: boolean;

  @Column('jsonb', { default: {} })
  platforms!: SettingsByPlatform;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { default: () => 'now()' })
  updatedAt!: Date;
}
