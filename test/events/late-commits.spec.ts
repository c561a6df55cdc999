import fc from 'fast-check';
import { until } from '../queues/support/until.js';
import { anApp } from '../support/client.js';
import { startMinibase, type Minibase } from '../support/minibase.js';
import { aStream, faultsOf, PollingReader, Writer } from './support/writers.js';

const WRITERS = 8;
const STREAMS = 5;

/** A writer opens a transaction and announces; the next time it is named, it ends what it has open. */
interface Step {
  readonly writer: number;
  readonly stream: number;
  readonly events: number;
  readonly outcome: 'commit' | 'rollback';
  /** Rows per page of the poll that follows the step; 0: none follows. */
  readonly poll: number;
}
const step: fc.Arbitrary<Step> = fc.record({
  writer: fc.nat(WRITERS - 1),
  stream: fc.nat(STREAMS - 1),
  events: fc.integer({ min: 1, max: 3 }),
  outcome: fc.oneof({ weight: 4, arbitrary: fc.constant('commit' as const) }, fc.constant('rollback' as const)),
  poll: fc.nat(4),
});

describe('a reader that polls', () => {
  let minibase: Minibase;
  beforeAll(async () => {
    // Transactions that are held open take connections from those that serve the reader.
    minibase = await startMinibase({ databasePool: WRITERS + 10 });
  });
  afterAll(() => minibase.close());

  /** Plays the steps against an app of their own; gives what was committed and what the reader saw. */
  async function play(steps: readonly Step[]): Promise<{ committed: number; reader: PollingReader }> {
    const { appId, secretKey } = await anApp(minibase, []);
    const streams = await Promise.all(
      Array.from({ length: STREAMS }, (_, n) => aStream(minibase, appId, `stream-${n}`)),
    );
    const reader = new PollingReader(minibase.url, secretKey);
    const open = new Map<number, { writer: Writer; events: number; outcome: Step['outcome'] }>();
    let committed = 0;
    const end = async (name: number): Promise<void> => {
      const { writer, events, outcome } = open.get(name)!;
      open.delete(name);
      await writer.end(outcome);
      if (outcome === 'commit') committed += events;
    };
    for (const { writer: name, stream, events, outcome, poll } of steps) {
      const isTaken = [...open.values()].some(({ writer }) => writer.stream === streams[stream]);
      if (open.has(name)) await end(name);
      else if (!isTaken) {
        const writer = await Writer.open(minibase, appId, streams[stream]!);
        await writer.announce(events);
        open.set(name, { writer, events, outcome });
      }
      if (poll > 0) await reader.poll(poll);
    }
    for (const name of [...open.keys()].reverse()) await end(name);
    await until('the reader has seen everything', async () => {
      await reader.poll();
      return reader.seen.length >= committed;
    });
    return { committed, reader };
  }

  test('misses and repeats nothing, in whatever order transactions open and end', async () => {
    const seed = Number(process.env['EVENTS_SEED'] ?? Date.now() % 2 ** 31);
    process.stderr.write(`late commits: EVENTS_SEED=${seed}\n`);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 80 }), async (steps) => {
        const { committed, reader } = await play(steps);
        expect(faultsOf(reader.seen)).toEqual([]);
        expect(reader.seen).toHaveLength(committed);
      }),
      { seed, numRuns: 10, interruptAfterTimeLimit: 20_000, endOnFailure: true },
    );
  }, 60_000);

  test('sees an event whose transaction committed last after all the others, though it was written first', async () => {
    const { appId, secretKey } = await anApp(minibase, []);
    const [early, late] = [await aStream(minibase, appId, 'early'), await aStream(minibase, appId, 'late')];
    const reader = new PollingReader(minibase.url, secretKey);
    const held = await Writer.open(minibase, appId, early);
    await held.announce(1);
    const other = await Writer.open(minibase, appId, late);
    await other.announce(1);
    await other.end('commit');
    await until('the later one is seen', async () => (await reader.poll()) > 0);
    expect(reader.seen.map(({ stream }) => stream.id)).toEqual(['late']);
    await held.end('commit');
    await until('the earlier one is seen', async () => (await reader.poll()) > 0);
    expect(reader.seen.map(({ stream }) => stream.id)).toEqual(['late', 'early']);
    expect(faultsOf(reader.seen)).toEqual([]);
  });

  test('never sees what was rolled back, and its stream has no gap', async () => {
    const { appId, secretKey } = await anApp(minibase, []);
    const stream = await aStream(minibase, appId, 'stream');
    for (const outcome of ['commit', 'rollback', 'commit'] as const) {
      const writer = await Writer.open(minibase, appId, stream);
      await writer.announce(2);
      await writer.end(outcome);
    }
    const reader = new PollingReader(minibase.url, secretKey);
    await until('four are seen', async () => {
      await reader.poll(1);
      return reader.seen.length === 4;
    });
    expect(reader.seen.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
  });
});
