import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Sealer } from '../common/seal.js';
import { type EndpointRow, placeOf } from './endpoint.js';
import type { NewWebhookEndpointView, WebhookEndpointView } from './endpoints.schemas.js';

type Headers = Readonly<Record<string, string>>;

/** What is shown of a new secret, once. The private key of a pair is never shown, so it is not kept to be shown again. */
export const shownOnce = (signature: EndpointRow['signature'], secret: string): { secret?: string } =>
  signature === 'v1' ? { secret } : {};

/** Endpoints as answers show them: secrets never again, headers by their fingerprints. */
@Injectable()
export class EndpointViews {
  constructor(
    private readonly clock: Clock,
    private readonly sealer: Sealer,
  ) {}

  /** As the row keeps them; null for none. */
  sealedHeaders(row: Pick<EndpointRow, 'appId' | 'id'>, headers: Headers): string | null {
    if (Object.keys(headers).length === 0) return null;
    return this.sealer.seal(JSON.stringify(headers), placeOf(row, 'headers'));
  }

  newView(row: EndpointRow, secret: string): NewWebhookEndpointView {
    return { ...this.view(row), ...shownOnce(row.signature, secret) };
  }

  /** For a repeat; `secret` gives what was shown, or throws when that is no longer allowed. */
  again(row: EndpointRow, secret: () => string): NewWebhookEndpointView {
    return row.signature === 'v1' ? this.newView(row, secret()) : this.view(row);
  }

  view(row: EndpointRow): WebhookEndpointView {
    const now = this.clock.now();
    const ahead = (date: Date | null) => (date !== null && date > now ? date.toISOString() : null);
    const { id, url, description, events, ordered, signature, publicKey, rateLimit, status, disabledReason } = row;
    return {
      ...{ id, url, description, events, ordered, signature, publicKey, rateLimit, status, disabledReason },
      previousSecretUntil: ahead(row.previousUntil),
      headers: Object.fromEntries(
        Object.entries(this.#headers(row)).map(([name, value]) => [name, fingerprint(value)]),
      ),
      failingSince: row.failingSince?.toISOString() ?? null,
      pausedUntil: ahead(row.openUntil),
      recoveringSince: row.recoverAfter === null ? null : (row.recoverSince?.toISOString() ?? null),
      createdAt: row.createdAt.toISOString(),
      updatedAt: row.updatedAt.toISOString(),
    };
  }

  #headers(row: EndpointRow): Headers {
    return row.headers === null ? {} : (JSON.parse(this.sealer.open(row.headers, placeOf(row, 'headers'))) as Headers);
  }
}

const fingerprint = (secret: string): string =>
  `sha256:${createHash('sha256').update(secret).digest('hex').slice(0, 16)}`;
