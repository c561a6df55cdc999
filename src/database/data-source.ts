import { DataSource, type EntitySchema } from 'typeorm';
import { MIGRATIONS } from './migrations/index.js';
import { SnakeCase } from './snake-case.js';

export interface DataSourceOptions {
  /** `postgres://…`; TLS by `?sslmode=…`. */
  readonly url: string;
  /** Connections of this process at most. */
  readonly poolSize: number;
  readonly entities?: readonly (EntitySchema | (new () => object))[];
  /** Shows in `pg_stat_activity`. */
  readonly name?: string;
}

/** The data source of one process. Schema changes only through migrations, never `synchronize`. */
export const newDataSource = ({ url, poolSize, entities = [], name = 'minibase' }: DataSourceOptions): DataSource =>
  new DataSource({
    type: 'postgres',
    url,
    applicationName: name,
    poolSize,
    entities: [...entities],
    migrations: MIGRATIONS,
    migrationsTransactionMode: 'each',
    namingStrategy: new SnakeCase(),
    synchronize: false,
    logging: false,
    // A dead network must not hold a request for ever; a lost race for a connection says so.
    extra: { connectionTimeoutMillis: 10_000, keepAlive: true, idleTimeoutMillis: 60_000 },
  });
