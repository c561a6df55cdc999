import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('apps')
export class App {
  @PrimaryColumn('text')
  id!: string;

  @Column('text')
  name!: string;

  @Column('text')
  mode!: 'test' | 'live';

  /** Milliseconds; Postgres gives a bigint as text. */
  @Column('bigint', { transformer: { from: Number, to: (value: number) => value }, default: 0 })
  clockOffset!: number;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { default: () => 'now()' })
  updatedAt!: Date;
}
