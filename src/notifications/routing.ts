import { Injectable } from '@nestjs/common';
import { problem } from '../common/problems.js';
import { Database } from '../database/database.js';
import type { PlatformCode } from '../platforms/platform.js';
import { Platforms } from '../platforms/registry.js';
import type { AppRecord } from '../tenancy/caller.js';
import { Payers } from '../tenancy/payers.js';
import { People, type ProgramPerson } from '../tenancy/people.js';
import { PlatformAccounts } from '../tenancy/platform-accounts.service.js';
import { CONSENTED } from './notifications.sql.js';
import { formOf, type MessageTemplate, platformsOf } from './template.js';

/** Where a message to a user may go: a person in a mini-program, and the platform's template there. */
export interface Route {
  readonly accountId: string;
  readonly platform: PlatformCode;
  readonly platformAppId: string;
  readonly openid: string;
  readonly templateId: string;
}

/** A user with the ways to them, the first to be tried first; none: the user was never there. */
export interface RoutedUser {
  readonly userId: string;
  readonly routes: readonly Route[];
}

/** What the developer says of where. */
export interface Wanted {
  readonly platform?: PlatformCode | undefined;
  readonly platforms?: readonly PlatformCode[] | undefined;
  readonly platformAppId?: string | undefined;
}

/** Finds where messages to users go. */
@Injectable()
export class Routing {
  constructor(
    private readonly db: Database,
    private readonly people: People,
    private readonly payers: Payers,
    private readonly accounts: PlatformAccounts,
    private readonly platforms: Platforms,
  ) {}

  /**
   * The platforms where a template may be sent. Throws `message_template_not_mapped` and `platform_capability_missing`
   * for one that was asked for by name.
   */
  platformsFor(template: MessageTemplate, { platform, platforms }: Wanted): PlatformCode[] {
    const mapped = platformsOf(template);
    const named = platform ? [platform] : platforms;
    for (const code of named ?? []) {
      this.platforms.messages(code);
      if (!mapped.includes(code)) {
        throw problem('message_template_not_mapped', `${template.key} has no form on ${code}: add it to platforms.`);
      }
    }
    return named ? [...named] : mapped;
  }

  /**
   * The ways to users, in the order of `userIds`; merged users are followed, and each is there once. Where nobody says
   * in which order, first those with a consent, of these the user's latest login. Throws `user_not_found`, `user_gone`, and
   * `platform_account_missing` for a mini-program that the app has not.
   */
  async of(
    app: AppRecord,
    template: MessageTemplate,
    wanted: Wanted,
    userIds: readonly string[],
  ): Promise<RoutedUser[]> {
    const codes = this.platformsFor(template, wanted);
    if (wanted.platform && wanted.platformAppId !== undefined) {
      await this.accounts.resolve(app, wanted.platform, wanted.platformAppId);
    }
    const active = await this.#activeAccounts(app, codes);
    const persons = await this.people.ofUsers(app.id, [...new Set(userIds)]);
    const users = new Map<string, Route[]>();
    for (const id of userIds) {
      const of = persons.get(id) ?? [];
      const userId = of[0]?.userId ?? (await this.payers.userOf(app.id, id));
      users.set(userId, routesOf(template, wanted, of.filter(({ accountId, platform }) => active.has(accountId) && codes.includes(platform)))); // prettier-ignore
    }
    const all = [...users.values()].flat();
    const consented = all.length === users.size ? new Set<string>() : await this.#consented(app.id, all);
    const rank = wanted.platforms
      ? ({ platform }: Route) => codes.indexOf(platform)
      : (route: Route) => (consented.has(keyOf(route)) ? 0 : 1);
    return [...users].map(([userId, routes]) => ({
      userId,
      routes: [...routes].sort((a, b) => rank(a) - rank(b) || rankOf(consented, a) - rankOf(consented, b)),
    }));
  }

  async #activeAccounts(app: AppRecord, codes: readonly PlatformCode[]): Promise<Set<string>> {
    const active = await Promise.all(codes.map((code) => this.accounts.active(app, code)));
    return new Set(active.flat().map(({ account }) => account.id));
  }

  async #consented(appId: string, routes: readonly Route[]): Promise<Set<string>> {
    const columns = [
      routes.map(({ accountId }) => accountId),
      routes.map(({ templateId }) => templateId),
      routes.map(({ openid }) => openid),
    ];
    const rows = await this.db.run<Pick<Route, 'accountId' | 'templateId' | 'openid'>>(CONSENTED, [appId, ...columns]);
    return new Set(rows.map(keyOf));
  }
}

const keyOf = ({ accountId, templateId, openid }: Pick<Route, 'accountId' | 'templateId' | 'openid'>): string =>
  `${accountId} ${templateId} ${openid}`;

const rankOf = (consented: ReadonlySet<string>, route: Route): number => (consented.has(keyOf(route)) ? 0 : 1);

/** The template's form in each mini-program, in the order of the logins. */
function routesOf(
  template: MessageTemplate,
  { platformAppId: only }: Wanted,
  persons: readonly ProgramPerson[],
): Route[] {
  return persons.flatMap(({ accountId, platform, platformAppId, openid }) => {
    const form = only === undefined || only === platformAppId ? formOf(template, platform, platformAppId) : undefined;
    return form ? [{ accountId, platform, platformAppId, openid, templateId: form.templateId }] : [];
  });
}
