import type { ConsentKind } from '../platforms/message-platform.js';
import { PLATFORM_CODES, type PlatformCode } from '../platforms/platform.js';
import type { Variable } from './variables.js';

/** What a message is on one platform. Texts hold `{{variable}}`. */
export interface TemplateMapping {
  /** The platform's own id of the template. */
  readonly templateId: string;
  readonly kind: ConsentKind;
  /** By the platform's own name of the field. */
  readonly fields: Readonly<Record<string, string>>;
  /** Where a tap leads. */
  readonly page?: string | undefined;
  /** By `platformAppId`: what is otherwise in that mini-program. */
  readonly accounts?: Readonly<Record<string, AccountMapping>> | undefined;
}

export interface AccountMapping {
  readonly templateId: string;
  readonly fields?: Readonly<Record<string, string>> | undefined;
}

export type TemplateMappings = Readonly<Partial<Record<PlatformCode, TemplateMapping>>>;

/** A form of messages, with what it is on each platform. */
export interface MessageTemplate {
  readonly appId: string;
  /** `tpl_…` */
  readonly id: string;
  /** The developer's own name of it, unique in the app: `order.shipped`. */
  readonly key: string;
  /** For people. */
  readonly name: string;
  /** IANA name: where moments are read. */
  readonly timeZone: string;
  readonly variables: readonly Variable[];
  readonly platforms: TemplateMappings;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What a template is in one mini-program. */
export interface TemplateForm {
  readonly templateId: string;
  readonly kind: ConsentKind;
  readonly fields: Readonly<Record<string, string>>;
  readonly page: string | null;
  /** Where the fields stand in the template's body: `platforms.wechat.fields`. */
  readonly fieldsPath: string;
}

/**
 * What the template is in that mini-program (without `platformAppId`: in those that it does not name); undefined when the
 * template is not mapped to the platform.
 */
export function formOf(
  { platforms }: Pick<MessageTemplate, 'platforms'>,
  platform: PlatformCode,
  platformAppId?: string,
): TemplateForm | undefined {
  const mapping = platforms[platform];
  if (!mapping) return undefined;
  const { templateId, kind, fields, page = null, accounts = {} } = mapping;
  const path = `platforms.${platform}`;
  const own =
    platformAppId !== undefined && Object.hasOwn(accounts, platformAppId) ? accounts[platformAppId] : undefined;
  return {
    templateId: own?.templateId ?? templateId,
    kind,
    fields: own?.fields ?? fields,
    page,
    fieldsPath: own?.fields ? `${path}.accounts.${platformAppId}.fields` : `${path}.fields`,
  };
}

/** The platforms that a template is mapped to, always in the same order. */
export const platformsOf = ({ platforms }: Pick<MessageTemplate, 'platforms'>): PlatformCode[] =>
  PLATFORM_CODES.filter((code) => Object.hasOwn(platforms, code));
