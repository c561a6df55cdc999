import { Injectable } from '@nestjs/common';
import { notFound } from '../common/problems.js';
import { Database } from '../database/database.js';
import type { ConsentKind } from '../platforms/message-platform.js';
import type { PlatformCode } from '../platforms/platform.js';
import { Platforms } from '../platforms/registry.js';
import { Directory } from '../tenancy/directory.js';
import { type RenderedMessage, renderMessage, type RenderingTarget, unfilled } from './rendering.js';
import { formOf, type MessageTemplate } from './template.js';
import { FIND, MAPPED } from './template.sql.js';
import { dataProblems, type VariableData } from './variables.js';

/** Which message template stands for a platform's template. */
export interface MappedTemplate {
  /** `tpl_…` */
  readonly id: string;
  readonly key: string;
  readonly kind: ConsentKind;
}

type MappedRow = Pick<MessageTemplate, 'id' | 'key' | 'platforms'>;

/**
 * Message templates as consents and sending need them: remembered, so that a broadcast asks for its template once and not
 * per message. Another process may still fill a template as it was for DIRECTORY_TTL_MS after a change: what is sent then
 * is whole and was right a moment ago, and the consent that it uses is that of the platform's template it names.
 */
@Injectable()
export class MessageTemplates {
  readonly #known = new Directory<MessageTemplate>();
  readonly #mapped = new Directory<readonly MappedRow[]>();

  constructor(
    private readonly db: Database,
    private readonly platforms: Platforms,
  ) {}

  /** A template of the app by its id or key. Throws `message_template_not_found`. */
  async find(appId: string, idOrKey: string): Promise<MessageTemplate> {
    const found = await this.lookUp(appId, idOrKey);
    if (!found) throw notFound('message_template', idOrKey.slice(0, 64));
    return found;
  }

  /** The same, undefined for one that is not there. */
  lookUp(appId: string, idOrKey: string): Promise<MessageTemplate | undefined> {
    const read = async () => (await this.db.run<MessageTemplate & Record<string, unknown>>(FIND, [appId, idOrKey]))[0];
    return this.#known.get(`${appId}/${idOrKey}`, read);
  }

  /** Throws `message_data_invalid` unless `data` has a fitting value for each variable, and nothing else. */
  check(template: MessageTemplate, data: VariableData): void {
    const problems = dataProblems(template.variables, template.timeZone, data);
    if (problems.length > 0) throw unfilled(template, problems);
  }

  /** `renderMessage` by the rules of the target's platform. No query, no network. Throws as that. */
  render(template: MessageTemplate, target: RenderingTarget, data: VariableData): RenderedMessage {
    return renderMessage(this.platforms.messages(target.platform), template, target, data);
  }

  /** Those of a mini-program's templates (by the platform's ids) that message templates of the app stand for. */
  async mapped(
    appId: string,
    platform: PlatformCode,
    platformAppId: string,
    templateIds: readonly string[],
  ): Promise<ReadonlyMap<string, MappedTemplate>> {
    const found = pick(await this.#mappings(appId), platform, platformAppId, templateIds);
    if (templateIds.every((id) => found.has(id))) return found;
    // One that was made a moment ago, by another process.
    this.#mapped.forget(appId);
    return pick(await this.#mappings(appId), platform, platformAppId, templateIds);
  }

  /** After a change here: the next one who asks reads. */
  forget(appId: string, ...idsAndKeys: readonly string[]): void {
    for (const one of idsAndKeys) this.#known.forget(`${appId}/${one}`);
    this.#mapped.forget(appId);
  }

  async #mappings(appId: string): Promise<readonly MappedRow[]> {
    const read = () => this.db.run<MappedRow & Record<string, unknown>>(MAPPED, [appId]);
    return (await this.#mapped.get(appId, read)) ?? [];
  }
}

/** The oldest message template wins where several stand for the same. */
function pick(
  rows: readonly MappedRow[],
  platform: PlatformCode,
  platformAppId: string,
  templateIds: readonly string[],
): Map<string, MappedTemplate> {
  const asked = new Set(templateIds);
  const found = new Map<string, MappedTemplate>();
  for (const row of rows) {
    const form = formOf(row, platform, platformAppId);
    if (!form || !asked.has(form.templateId) || found.has(form.templateId)) continue;
    found.set(form.templateId, { id: row.id, key: row.key, kind: form.kind });
  }
  return found;
}
