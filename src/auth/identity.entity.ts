import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { PlatformCode } from '../platforms/platform.js';

@Entity('identities')
export class IdentityRow {
  @PrimaryColumn('text')
  appId!: string;

  @PrimaryColumn('text')
  id!: string;

  @Column('text')
  userId!: string;

  @Column('text')
  accountId!: string;

  @Column('text')
  platform!: PlatformCode;

  @Column('text')
  platformAppId!: string;

  /** Of an anonymous visitor: the anonymous openid, until the person logs in. */
  @Column('text')
  openid!: string;

  @Column('text', { nullable: true })
  alternateOpenid!: string | null;

  @Column('text', { nullable: true })
  unionid!: string | null;

  @Column('boolean')
  anonymous!: boolean;

  @Column('text', { nullable: true })
  anonymousOpenid!: string | null;

  /** Sealed; of the latest login. */
  @Column('text', { nullable: true })
  sessionKey!: string | null;

  @Column('timestamptz', { nullable: true })
  sessionKeyAt!: Date | null;

  @Column('timestamptz')
  createdAt!: Date;

  @Column('timestamptz')
  lastLoginAt!: Date;
}
