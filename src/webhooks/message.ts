import { VERSION } from '../common/version.js';
import type { OpenEndpoint } from './endpoint-book.js';
import type { Outgoing } from './sender.js';

/** What an event tells: its body is the same bytes whenever and wherever it is sent. */
export interface Told {
  readonly eventId: string;
  readonly type: string;
  readonly happenedAt: Date;
  readonly data: Readonly<Record<string, unknown>>;
}

export const bodyOf = ({ type, happenedAt, data }: Told): string =>
  JSON.stringify({ type, timestamp: happenedAt.toISOString(), data });

/** Whoever a message is for. */
export type Receiving = Omit<OpenEndpoint, 'row'>;

/** The message as Standard Webhooks has it; `webhook-id` is the event's, by which the receiver knows repeats. */
export function messageOf(endpoint: Receiving, told: Told, now: Date): Outgoing {
  const body = bodyOf(told);
  const timestamp = Math.floor(now.getTime() / 1_000);
  const signatures = endpoint.signers
    .filter(({ until }) => until === null || until > now)
    .map(({ sign }) => sign(told.eventId, timestamp, body));
  return {
    url: endpoint.url,
    body,
    headers: {
      ...endpoint.headers,
      'content-type': 'application/json',
      'user-agent': `Minibase/${VERSION}`,
      'webhook-id': told.eventId,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': signatures.join(' '),
    },
  };
}
