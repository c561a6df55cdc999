import { Injectable } from '@nestjs/common';
import { invalid, problem } from '../common/problems.js';
import { Database, statement, type Tx } from '../database/database.js';
import type { ConsentAnswer } from '../platforms/message-platform.js';
import type { PlatformAccount } from '../platforms/platform.js';
import { Platforms } from '../platforms/registry.js';
import type { RequestContext, UserCaller } from '../tenancy/caller.js';
import { Idempotency } from '../tenancy/idempotency.js';
import { HOLD_USER } from '../tenancy/payers.js';
import { People } from '../tenancy/people.js';
import { PlatformAccounts } from '../tenancy/platform-accounts.service.js';
import { ConsentLedger, type KnownTemplate } from './consent-ledger.js';
import { ConsentReports } from './consent-reports.js';
import { MOST_ANSWERS, type ReportConsents, type ReportedConsents } from './consents.schemas.js';

const HOLD = statement(HOLD_USER('$1', '$2'));
const COUNTS = statement(`
  select template_id as "templateId", granted + claimed as available, subscribed
  from message_consents
  where app_id = $1 and account_id = $2 and openid = $3 and template_id = any ($4::text[])`);

/** What a client told, read and checked. */
interface Report {
  readonly account: PlatformAccount;
  readonly openid: string;
  readonly answers: readonly ConsentAnswer[];
  readonly templates: ReadonlyMap<string, KnownTemplate>;
}

/** What became of each answer, in the order in which they came: all that a repeat cannot find out again. */
type Outcome = 'counted' | 'not counted' | 'ignored';
const OUTCOMES = { counted: '1', 'not counted': '0', ignored: '-' } as const satisfies Record<Outcome, string>;

/** What users answer when they are asked whether they want messages. */
@Injectable()
export class Consents {
  constructor(
    private readonly db: Database,
    private readonly accounts: PlatformAccounts,
    private readonly platforms: Platforms,
    private readonly people: People,
    private readonly ledger: ConsentLedger,
    private readonly reports: ConsentReports,
    private readonly idempotency: Idempotency,
  ) {}

  /**
   * Throws `platform_account_missing`, `platform_account_ambiguous`, `platform_capability_missing`; `identity_not_found`
   * when the user never came from there, and `user_gone`.
   */
  async report(
    caller: UserCaller,
    body: ReportConsents,
    { idempotency: key }: RequestContext,
  ): Promise<ReportedConsents> {
    const report = await this.#read(caller, body);
    const outcomes = await this.idempotency.once(
      key,
      async (tx) => {
        const made = await this.#take(tx, caller, report);
        return { id: made.map((outcome) => OUTCOMES[outcome]).join(''), result: made };
      },
      async ({ resourceId }) => [...resourceId].map(outcomeOf),
    );
    return this.#view(caller.app.id, report, outcomes);
  }

  async #read({ app, userId, identityId }: UserCaller, { platform, platformAppId, results }: ReportConsents) {
    const account = await this.accounts.resolve(app, platform, platformAppId);
    const messages = this.platforms.messages(platform);
    const answers = messages.answers(results);
    if (answers.length > MOST_ANSWERS) throw invalid('results', `has answers for more than ${MOST_ANSWERS} templates`);
    const persons = (await this.people.ofUsers(app.id, [userId])).get(userId) ?? [];
    const here = persons.filter((person) => person.accountId === account.id);
    const person = here.find((one) => one.identityId === identityId) ?? here[0];
    if (!person) throw problem('identity_not_found', `This user has not logged in at ${account.platformAppId}.`);
    const ids = answers.map(({ templateId }) => templateId).filter((id) => messages.templateId.safeParse(id).success);
    const templates = await this.ledger.templates(app.id, platform, account.platformAppId, ids);
    return { account, openid: person.openid, answers, templates };
  }

  async #take(tx: Tx, { app, userId }: UserCaller, report: Report): Promise<Outcome[]> {
    const { account, openid, answers, templates } = report;
    const held = await this.db.run(HOLD, [app.id, userId], tx);
    if (held.length === 0) throw problem('user_gone', 'This user is merged or erased.');
    const known = answers.flatMap((answer) => {
      const template = templates.get(answer.templateId);
      return template ? [{ answer, kind: template.kind }] : [];
    });
    const counted = await this.reports.take(tx, app, account.id, openid, known);
    return answers.map(({ templateId }) => {
      if (!templates.has(templateId)) return 'ignored';
      return counted.has(templateId) ? 'counted' : 'not counted';
    });
  }

  /** The counts are those of now, also for a repeat. */
  async #view(appId: string, report: Report, outcomes: readonly Outcome[]): Promise<ReportedConsents> {
    const { account, openid, answers, templates } = report;
    const ids = answers.map(({ templateId }) => templateId).filter((id) => templates.has(id));
    const values = [appId, account.id, openid, ids];
    const rows = await this.db.run<{ templateId: string; available: number; subscribed: boolean }>(COUNTS, values);
    const told = answers.map((answer, place) => ({ ...answer, outcome: outcomes[place] ?? 'ignored' }));
    return {
      data: told
        .filter(({ outcome }) => outcome !== 'ignored')
        .map(({ templateId, answer, outcome }) => {
          const { available = 0, subscribed = false } = rows.find((row) => row.templateId === templateId) ?? {};
          const template = templates.get(templateId)?.key ?? null;
          return { templateId, template, answer, counted: outcome === 'counted', available, subscribed };
        }),
      ignored: told.filter(({ outcome }) => outcome === 'ignored').map(({ templateId }) => templateId),
    };
  }
}

const outcomeOf = (letter: string): Outcome =>
  letter === OUTCOMES.counted ? 'counted' : letter === OUTCOMES.ignored ? 'ignored' : 'not counted';
