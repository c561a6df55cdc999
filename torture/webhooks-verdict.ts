import { faultsOf } from '../test/events/support/writers.js';
import { Broken } from '../test/payments/model/stage.js';
import type { SeenEvent } from '../test/support/events.js';
import type { Listener } from './webhooks-listener.js';

/** What one endpoint has seen. */
export interface Tally {
  readonly endpoint: string;
  readonly arrivals: number;
  /** Arrivals that were answered with anything but a success. */
  readonly refused: number;
  /** Arrivals of events that had been accepted before; `ratio`: per event. */
  readonly duplicates: number;
  readonly ratio: number;
}

/** All that a polling reader has seen: no repeats, ascending positions, no gap in a stream, and all that was acknowledged. */
export function judgeEvents(seen: readonly SeenEvent[], acknowledged: ReadonlyMap<string, number>): void {
  const [fault] = faultsOf(seen);
  if (fault) throw new Broken(`GET /v1/events: ${fault}`);
  const counts = new Map<string, number>();
  for (const { type, stream } of seen) {
    const key = `${type} ${stream.id}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  for (const [key, count] of acknowledged) {
    const told = counts.get(key) ?? 0;
    if (told !== count) throw new Broken(`${key}: ${count} were acknowledged, ${told} told`);
  }
}

/** Every event was accepted, every request was genuine, and an ordered endpoint saw each stream in its order. */
export function judgeArrivals(events: readonly SeenEvent[], listener: Listener): Tally {
  const { character, arrivals, accepted, forgeries } = listener;
  const [forgery] = forgeries;
  if (forgery) throw new Broken(`${character.name}: not genuine: ${forgery}`);
  const missing = events.filter(({ id }) => !accepted.has(id));
  if (missing.length > 0) throw new Broken(`${character.name}: ${missing.length} events never arrived, e.g. ${missing[0]!.id}`); // prettier-ignore
  if (character.ordered) judgeOrder(events, listener);
  const refused = arrivals.filter((one) => !one.accepted).length;
  const duplicates = arrivals.length - refused - accepted.size;
  const ratio = Math.round((duplicates / events.length) * 10_000) / 10_000;
  return { endpoint: character.name, arrivals: arrivals.length, refused, duplicates, ratio };
}

/** An event arrives for the first time when the one before it in its stream was accepted, and never before. */
function judgeOrder(events: readonly SeenEvent[], { character, arrivals }: Listener): void {
  const byId = new Map(events.map((event) => [event.id, event]));
  const first = new Map<string, number>();
  for (const { stream, sequence } of events) if (!first.has(stream.id)) first.set(stream.id, sequence);
  const arrived = new Map<string, number>();
  const accepted = new Map<string, number>();
  for (const arrival of arrivals) {
    const event = byId.get(arrival.eventId);
    if (!event) continue; // of after the end
    const { stream, sequence, id } = event;
    const before = first.get(stream.id)! - 1;
    if (sequence > (arrived.get(stream.id) ?? before)) {
      const expected = (accepted.get(stream.id) ?? before) + 1;
      if (sequence !== expected) throw new Broken(`${character.name}: ${id} is ${sequence} of ${stream.id}, where ${expected} was to come`); // prettier-ignore
      arrived.set(stream.id, sequence);
    }
    if (arrival.accepted) accepted.set(stream.id, Math.max(sequence, accepted.get(stream.id) ?? 0));
  }
}
