import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { PlatformCode } from '../platforms/platform.js';

@Entity('platform_accounts')
export class PlatformAccountRow {
  @PrimaryColumn('text')
  appId!: string;

  @PrimaryColumn('text')
  id!: string;

  @Column('text')
  platform!: PlatformCode;

  @Column('text')
  platformAppId!: string;

  @Column('text')
  name!: string;

  @Column('text')
  status!: 'active' | 'disabled';

  /** Sealed JSON in the shape that the platform publishes. */
  @Column('text')
  credentials!: string;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { default: () => 'now()' })
  updatedAt!: Date;
}
