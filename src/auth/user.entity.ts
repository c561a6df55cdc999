import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('users')
export class UserRow {
  @PrimaryColumn('text')
  appId!: string;

  @PrimaryColumn('text')
  id!: string;

  @Column('text')
  status!: 'active' | 'merged' | 'erased';

  /** Set on a tombstone: the user who has taken over everything. Never itself a tombstone. */
  @Column('text', { nullable: true })
  mergedInto!: string | null;

  @Column('text', { nullable: true })
  nickname!: string | null;

  @Column('text', { nullable: true })
  avatarUrl!: string | null;

  /** Sealed E.164 number. */
  @Column('text', { nullable: true })
  phone!: string | null;

  /** HMAC of the number under a key of its own, to find a user by phone. */
  @Column('bytea', { nullable: true })
  phoneHash!: Buffer | null;

  @Column('jsonb')
  metadata!: Record<string, string>;

  /** Events of this user so far. */
  @Column('integer')
  sequence!: number;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { default: () => 'now()' })
  updatedAt!: Date;
}
