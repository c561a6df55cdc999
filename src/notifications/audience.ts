import { Injectable } from '@nestjs/common';
import { Database, type Tx } from '../database/database.js';
import type { AppRecord } from '../tenancy/caller.js';
import { People } from '../tenancy/people.js';
import { PlatformAccounts } from '../tenancy/platform-accounts.service.js';
import type { BroadcastFilter, Place } from './broadcast-rows.js';
import { AUDIENCE } from './broadcasts.sql.js';
import { type Route, Routing } from './routing.js';
import { formOf, type MessageTemplate } from './template.js';

/** A mini-program and the platform's template there. */
export type Target = Omit<Route, 'openid'>;

/** People of one mini-program who may be written to, and how far the audience was read. */
export interface AudiencePage {
  readonly target: Target;
  readonly people: readonly { readonly userId: string; readonly openid: string }[];
  readonly place: Place;
}

/** Who agreed to a template, read page by page in an order that does not change. */
@Injectable()
export class Audience {
  constructor(
    private readonly db: Database,
    private readonly people: People,
    private readonly accounts: PlatformAccounts,
    private readonly routing: Routing,
  ) {}

  /** The mini-programs whose people are asked, in the order in which they are. Throws like `Routing.platformsFor`. */
  async targets(app: AppRecord, template: MessageTemplate, filter: BroadcastFilter): Promise<Target[]> {
    const platforms = this.routing.platformsFor(template, filter);
    const active = await Promise.all(platforms.map((platform) => this.accounts.active(app, platform)));
    return active
      .flat()
      .filter(({ account }) => filter.platformAppId === undefined || account.platformAppId === filter.platformAppId)
      .flatMap(({ account: { id: accountId, platform, platformAppId } }) => {
        const form = formOf(template, platform, platformAppId);
        return form ? [{ accountId, platform, platformAppId, templateId: form.templateId }] : [];
      })
      .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  }

  /** The next page behind `place`; undefined: that was all. At most `most` (1,000) consents are read. */
  async page(
    tx: Tx,
    appId: string,
    targets: readonly Target[],
    place: Place | null,
    most: number,
  ): Promise<AudiencePage | undefined> {
    for (const target of targets) {
      const { accountId, templateId } = target;
      if (place && keyOf(target) < keyOf(place)) continue;
      const behind = place && keyOf(target) === keyOf(place) ? place.openid : '';
      const rows = await this.db.run<{ openid: string }>(AUDIENCE, [appId, accountId, templateId, behind, most], tx);
      const last = rows.at(-1);
      if (!last) continue;
      const users = await this.people.usersOf(appId, accountId, rows.map(({ openid }) => openid), tx); // prettier-ignore
      const people = [...users].map(([openid, userId]) => ({ openid, userId }));
      return { target, people, place: { accountId, templateId, openid: last.openid } };
    }
    return undefined;
  }
}

const keyOf = ({ accountId, templateId }: Pick<Place, 'accountId' | 'templateId'>): string =>
  `${accountId} ${templateId}`;
