import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a feature is worth to whoever bought the product: on or off, how many, or how much use in each period. */
export type FeatureValue = boolean | number | { readonly limit: number };

@Entity('products')
export class ProductRow {
  @PrimaryColumn('text')
  appId!: string;

  @PrimaryColumn('text')
  id!: string;

  @Column('text')
  name!: string;

  @Column('jsonb', { default: {} })
  features!: Record<string, FeatureValue>;

  @Column('boolean', { default: true })
  active!: boolean;

  @Column('jsonb', { default: {} })
  metadata!: Record<string, string>;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { default: () => 'now()' })
  updatedAt!: Date;
}
