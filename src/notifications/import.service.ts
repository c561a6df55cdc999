import { Injectable } from '@nestjs/common';
import type { FieldError } from '../common/errors.js';
import { problem } from '../common/problems.js';
import { Database, type Tx } from '../database/database.js';
import type { PlatformTemplate } from '../platforms/message-platform.js';
import type { PlatformAccount, PlatformCode } from '../platforms/platform.js';
import { Platforms } from '../platforms/registry.js';
import type { RequestContext, ServerCaller } from '../tenancy/caller.js';
import { Idempotency } from '../tenancy/idempotency.js';
import { PlatformAccounts } from '../tenancy/platform-accounts.service.js';
import { draftOf, keysOf } from './import.js';
import { formOf, type MessageTemplate } from './template.js';
import { MessageTemplates } from './template-book.js';
import { templateProblems } from './template-checks.js';
import { MAPPED, SOME, TAKE_TURNS } from './template.sql.js';
import { Templates, toView } from './templates.service.js';
import type { ImportedMessageTemplates, ImportMessageTemplates } from './templates.schemas.js';

type TemplateRow = MessageTemplate & Record<string, unknown>;
type MappedRow = Pick<MessageTemplate, 'id' | 'key' | 'platforms'> & Record<string, unknown>;
type Refused = ImportedMessageTemplates['refused'];

/** By what a repeat of an import finds again what the first made. */
interface Imported {
  readonly ids: readonly string[];
  readonly skipped: number;
  readonly refused: Refused;
}

/** Makes message templates of what a mini-program has at its platform. */
@Injectable()
export class TemplateImport {
  constructor(
    private readonly db: Database,
    private readonly platforms: Platforms,
    private readonly accounts: PlatformAccounts,
    private readonly templates: Templates,
    private readonly book: MessageTemplates,
    private readonly idempotency: Idempotency,
  ) {}

  /**
   * One for each template of the account that none maps yet. Throws 422 `platform_capability_missing` where the platform
   * has no API for it, those of `PlatformAccounts.resolve`, and PlatformError.
   */
  async run(
    { app }: ServerCaller,
    { platform, platformAppId }: ImportMessageTemplates,
    context: RequestContext,
  ): Promise<ImportedMessageTemplates> {
    const imported = await this.idempotency.onceAsking(
      context.idempotency,
      async () => this.#atPlatform(platform, await this.accounts.resolve(app, platform, platformAppId)),
      async (tx, { account, found }) => {
        const made = await this.#make(tx, account, found, context);
        return { id: JSON.stringify(made), result: made };
      },
      async ({ resourceId }) => JSON.parse(resourceId) as Imported,
    );
    this.book.forget(app.id);
    const { ids, skipped, refused } = imported;
    const rows = await this.db.run<TemplateRow>(SOME, [app.id, [...ids]]);
    return { data: rows.map(toView), skipped, refused };
  }

  async #atPlatform(platform: PlatformCode, account: PlatformAccount) {
    const messages = this.platforms.messages(platform);
    if (!messages.templates) {
      throw problem(
        'platform_capability_missing',
        `${platform} has no API that lists templates: make them with POST /v1/message-templates.`,
      );
    }
    return { account, found: await messages.templates(account) };
  }

  async #make(
    tx: Tx,
    { appId, platform, platformAppId }: PlatformAccount,
    found: readonly PlatformTemplate[],
    context: RequestContext,
  ): Promise<Imported> {
    await this.db.run(TAKE_TURNS, [appId], tx);
    const rows = await this.db.run<MappedRow>(MAPPED, [appId], tx);
    const mapped = new Set(rows.map((row) => formOf(row, platform, platformAppId)?.templateId));
    const keys = new Set(rows.map(({ key }) => key));
    const fresh = found.filter(({ templateId }) => !mapped.has(templateId));
    const ids: string[] = [];
    const refused: Refused = [];
    for (const one of fresh) {
      const key = keysOf(platform, one.templateId).find((free) => !keys.has(free));
      const draft = draftOf(platform, one, key ?? '');
      const problems: FieldError[] = key === undefined ? [NO_KEY] : templateProblems(this.platforms, draft);
      if (problems.length > 0) {
        refused.push({ templateId: one.templateId, title: one.title, problems });
        continue;
      }
      keys.add(draft.key);
      ids.push((await this.templates.insert(tx, appId, draft, context, ['platform'])).id);
    }
    return { ids, skipped: found.length - fresh.length, refused };
  }
}

const NO_KEY: FieldError = { path: 'key', message: 'every key that would follow from the template id is taken' };
