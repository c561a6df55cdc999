import { Column, Entity } from 'typeorm';
import type { PlatformSettings } from '../platforms/payment-platform.js';
import { AccountRow } from './account.entity.js';

/** A payment contract of an app. */
@Entity('merchant_accounts')
export class MerchantAccountRow extends AccountRow {
  @Column('text')
  merchantId!: string;

  /** Platform settings of payments that do not say otherwise. */
  @Column('jsonb', { default: {} })
  defaults!: PlatformSettings;

  get ownId(): string {
    return this.merchantId;
  }
}
