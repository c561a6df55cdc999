import { Column, Entity } from 'typeorm';
import { AccountRow } from './account.entity.js';

/** A mini-program of an app. */
@Entity('platform_accounts')
export class PlatformAccountRow extends AccountRow {
  @Column('text')
  platformAppId!: string;

  /** Where payments in this mini-program go, unless the app has only one place. */
  @Column('text', { nullable: true })
  defaultMerchantAccountId!: string | null;

  get ownId(): string {
    return this.platformAppId;
  }
}
