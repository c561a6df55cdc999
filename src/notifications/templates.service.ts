import { Injectable } from '@nestjs/common';
import { newId } from '../common/ids.js';
import { fromCursor, type Page, toPage } from '../common/pagination.js';
import { invalid, notFound, problem } from '../common/problems.js';
import { Database, type Tx } from '../database/database.js';
import { Platforms } from '../platforms/registry.js';
import { Audit } from '../tenancy/audit.js';
import type { AppRecord, RequestContext, ServerCaller } from '../tenancy/caller.js';
import { Idempotency } from '../tenancy/idempotency.js';
import { PlatformAccounts } from '../tenancy/platform-accounts.service.js';
import { type MessageTemplate, platformsOf } from './template.js';
import { MessageTemplates } from './template-book.js';
import { examplesOf, mustBeSound } from './template-checks.js';
import { FIND, INSERT, LIST, LOCK, REMOVE, UPDATE } from './template.sql.js';
import type {
  CreateMessageTemplate,
  MessagePreview,
  MessageTemplateQuery,
  MessageTemplateView,
  PreviewMessage,
  UpdateMessageTemplate,
} from './templates.schemas.js';
import { tryRendering } from './rendering.js';
import { dataProblems } from './variables.js';

type TemplateRow = MessageTemplate & Record<string, unknown>;
type TemplateDraft = Pick<MessageTemplate, 'key' | 'name' | 'timeZone' | 'variables' | 'platforms'>;

/** The message templates of an app: made, shown, tried, changed and removed. */
@Injectable()
export class Templates {
  constructor(
    private readonly db: Database,
    private readonly platforms: Platforms,
    private readonly accounts: PlatformAccounts,
    private readonly book: MessageTemplates,
    private readonly idempotency: Idempotency,
    private readonly audit: Audit,
  ) {}

  /** Throws `message_template_key_taken`, and `validation_failed` naming fields and the platforms' rules. */
  async create(
    { app }: ServerCaller,
    body: CreateMessageTemplate,
    context: RequestContext,
  ): Promise<MessageTemplateView> {
    const draft = { ...body, name: body.name ?? body.key };
    mustBeSound(this.platforms, draft);
    const made = await this.idempotency.once(
      context.idempotency,
      async (tx) => {
        const row = await this.insert(tx, app.id, draft, context, Object.keys(body));
        return { id: row.id, result: toView(row) };
      },
      ({ resourceId }) => this.get(app.id, resourceId),
    );
    this.book.forget(app.id, made.id, made.key);
    return made;
  }

  /** Writes a template that has been checked. Throws `message_template_key_taken`. */
  async insert(tx: Tx, appId: string, draft: TemplateDraft, context: RequestContext, fields: string[]) {
    const id = newId('messageTemplate');
    const values = [appId, id, ...columnsOf(draft)];
    const [row] = await this.db.run<TemplateRow>(INSERT, values, tx).catch(keyTaken(draft.key));
    await this.audit.record(tx, context, { appId, action: 'message_template.create', target: id, fields });
    return row!;
  }

  async get(appId: string, idOrKey: string): Promise<MessageTemplateView> {
    return toView(await this.#row(appId, idOrKey));
  }

  async list(appId: string, query: MessageTemplateQuery): Promise<Page<MessageTemplateView>> {
    const { limit, cursor, platform = null } = query;
    const before = cursor === undefined ? null : fromCursor(cursor, /^tpl_[0-9a-f]{32}$/);
    const rows = await this.db.run<TemplateRow>(LIST, [appId, before, platform, limit + 1]);
    return toPage(rows, limit, ({ id }) => id, toView);
  }

  /** Messages that wait are filled with what the template is when they are sent. Throws as `create`. */
  async update(
    { app }: ServerCaller,
    idOrKey: string,
    body: UpdateMessageTemplate,
    context: RequestContext,
  ): Promise<MessageTemplateView> {
    const changed = await this.idempotency.once(
      context.idempotency,
      async (tx) => {
        const before = await this.#row(app.id, idOrKey, tx);
        const { id, key, name, timeZone, variables, platforms } = before;
        const draft = { key, name, timeZone, variables, platforms, ...body } as TemplateDraft;
        mustBeSound(this.platforms, draft);
        const [row] = await this.db
          .run<TemplateRow>(UPDATE, [app.id, id, ...columnsOf(draft)], tx)
          .catch(keyTaken(draft.key));
        await this.#record(tx, context, app.id, 'update', id, Object.keys(body));
        return { id, result: toView(row!) };
      },
      ({ resourceId }) => this.get(app.id, resourceId),
    );
    this.book.forget(app.id, idOrKey, changed.id, changed.key);
    return changed;
  }

  /** Throws `message_template_in_use` once a message was made of it. */
  async remove({ app }: ServerCaller, idOrKey: string, context: RequestContext): Promise<void> {
    const gone = await this.idempotency.once(
      context.idempotency,
      async (tx) => {
        const row = await this.#row(app.id, idOrKey, tx);
        await this.db.run(REMOVE, [app.id, row.id], tx).catch(inUse(row.key));
        await this.#record(tx, context, app.id, 'delete', row.id);
        return { id: row.id, result: [row.id, row.key] };
      },
      async () => [],
    );
    this.book.forget(app.id, idOrKey, ...gone);
  }

  /**
   * What would be sent, and what would be wrong with it. Sends nothing. Throws `message_template_not_mapped`, and
   * `platform_account_missing` for a mini-program that the app has not.
   */
  async preview(app: AppRecord, idOrKey: string, body: PreviewMessage): Promise<MessagePreview> {
    const template = await this.#row(app.id, idOrKey);
    const { data = examplesOf(template.variables), platform, platformAppId } = body;
    if (platformAppId !== undefined) {
      if (!platform) throw invalid('platform', 'is needed to say where platformAppId is');
      await this.accounts.resolve(app, platform, platformAppId);
    }
    const targets = platform ? [platform] : platformsOf(template);
    const general = dataProblems(template.variables, template.timeZone, data);
    const filled = targets.map((code) => {
      const rendering = tryRendering(this.platforms.messages(code), template, { platform: code, platformAppId }, data);
      const { templateId, fields, page, shortened, problems } = rendering;
      const others = problems.filter(({ path }) => !general.some((one) => one.path === path));
      return [code, { templateId, fields: { ...fields }, page, shortened: [...shortened], problems: [...general, ...others] }]; // prettier-ignore
    });
    return { platforms: Object.fromEntries(filled) as MessagePreview['platforms'] };
  }

  /** With `tx` locked until its end. Throws `message_template_not_found`. */
  async #row(appId: string, idOrKey: string, tx?: Tx): Promise<TemplateRow> {
    const [row] = await this.db.run<TemplateRow>(tx ? LOCK : FIND, [appId, idOrKey], tx);
    if (!row) throw notFound('message_template', idOrKey.slice(0, 64));
    return row;
  }

  #record(tx: Tx, context: RequestContext, appId: string, verb: string, target: string, fields: string[] = []) {
    return this.audit.record(tx, context, { appId, action: `message_template.${verb}`, target, fields });
  }
}

const columnsOf = ({ key, name, timeZone, variables, platforms }: TemplateDraft) =>
  [key, name, timeZone, JSON.stringify(variables), JSON.stringify(platforms)] as const;

const UNIQUE_VIOLATION = '23505';
const FOREIGN_KEY_VIOLATION = '23503';
const sqlState = (error: unknown): unknown => (error as { code?: unknown } | null)?.code;

const keyTaken =
  (key: string) =>
  (error: unknown): never => {
    if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
    throw problem('message_template_key_taken', `Another message template of this app is called ${key}.`);
  };

const inUse =
  (key: string) =>
  (error: unknown): never => {
    if (sqlState(error) !== FOREIGN_KEY_VIOLATION) throw error;
    throw problem('message_template_in_use', `Messages were made of ${key}: change it, or leave it.`);
  };

/** As the API shows it. */
export const toView = (row: MessageTemplate): MessageTemplateView => ({
  id: row.id,
  key: row.key,
  name: row.name,
  timeZone: row.timeZone,
  variables: [...row.variables],
  platforms: { ...row.platforms },
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});
