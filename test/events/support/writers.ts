import type { QueryRunner } from 'typeorm';
import { Announcer } from '../../../src/events/announce.js';
import { must } from '../../support/client.js';
import type { SeenEvent } from '../../support/events.js';
import type { Minibase } from '../../support/minibase.js';

/** A stream of events: a user that exists only for it. Its row's lock orders the events, as everywhere. */
export async function aStream(minibase: Minibase, appId: string, id: string): Promise<string> {
  await minibase.database.dataSource.query('insert into users (app_id, id, sequence) values ($1, $2, 0)', [appId, id]);
  return id;
}

/** With a CTE, as TypeORM answers a bare UPDATE differently. */
const RAISE = `
  with raised as (update users set sequence = sequence + 1 where app_id = $1 and id = $2 returning sequence)
  select sequence from raised`;

/** A transaction that announces and ends when the test says so. */
export class Writer {
  private constructor(
    private readonly runner: QueryRunner,
    private readonly announcer: Announcer,
    private readonly appId: string,
    readonly stream: string,
  ) {}

  static async open(minibase: Minibase, appId: string, stream: string): Promise<Writer> {
    const runner = minibase.database.dataSource.createQueryRunner();
    try {
      await runner.startTransaction();
    } catch (error) {
      await runner.release();
      throw error;
    }
    return new Writer(runner, minibase.app.get(Announcer), appId, stream);
  }

  /** Announces as many changes of the stream. */
  async announce(count: number): Promise<void> {
    for (let done = 0; done < count; done++) {
      const [raised] = await this.runner.manager.query<{ sequence: number }[]>(RAISE, [this.appId, this.stream]);
      const { sequence } = raised!;
      await this.announcer.announce(this.runner.manager, {
        appId: this.appId,
        type: 'user.updated',
        stream: { type: 'user', id: this.stream },
        sequence,
        data: { userId: this.stream, fields: 'nickname' },
      });
    }
  }

  async end(outcome: 'commit' | 'rollback'): Promise<void> {
    if (outcome === 'commit') await this.runner.commitTransaction();
    else await this.runner.rollbackTransaction();
    await this.runner.release();
  }
}

/** Announces in one transaction and commits. */
export async function announced(minibase: Minibase, appId: string, stream: string, count = 1): Promise<void> {
  const writer = await Writer.open(minibase, appId, stream);
  await writer.announce(count);
  await writer.end('commit');
}

/** Polls with its cursor, as a developer's server does, and keeps what it has seen in the order of seeing it. */
export class PollingReader {
  readonly seen: SeenEvent[] = [];
  #cursor = '';

  constructor(
    private readonly url: string,
    private readonly secretKey: string,
    private readonly filter = '',
  ) {}

  async poll(limit = 100): Promise<number> {
    const path = `/v1/events?limit=${limit}${this.filter}${this.#cursor && `&cursor=${this.#cursor}`}`;
    const page = await must<{ data: SeenEvent[]; nextCursor: string | null }>(this.url, 'GET', path, {
      token: this.secretKey,
    });
    this.seen.push(...page.data);
    this.#cursor = page.nextCursor ?? '';
    return page.data.length;
  }
}

/** What is wrong with what a reader has seen: repeats, positions that do not ascend, gaps in a stream. */
export function faultsOf(seen: readonly SeenEvent[]): string[] {
  const faults: string[] = [];
  if (new Set(seen.map(({ id }) => id)).size !== seen.length) faults.push('an event came twice');
  const sequences = new Map<string, number>();
  let last = 0;
  for (const { position, stream, sequence } of seen) {
    if (position <= last) faults.push(`position ${position} after ${last}`);
    last = position;
    const before = sequences.get(stream.id) ?? 0;
    if (sequence !== before + 1) faults.push(`${stream.id}: ${sequence} after ${before}`);
    sequences.set(stream.id, sequence);
  }
  return faults;
}
