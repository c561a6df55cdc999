import { Column, PrimaryColumn } from 'typeorm';
import type { PlatformCode } from '../platforms/platform.js';

/** What the rows of mini-programs and of merchants have in common. */
export abstract class AccountRow {
  @PrimaryColumn('text')
  appId!: string;

  @PrimaryColumn('text')
  id!: string;

  @Column('text')
  platform!: PlatformCode;

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

  /** What the platform itself calls the account. */
  abstract get ownId(): string;
}
