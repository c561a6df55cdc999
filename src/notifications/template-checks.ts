import type { FieldError } from '../common/errors.js';
import { problem } from '../common/problems.js';
import type { PlatformMessages } from '../platforms/message-platform.js';
import type { PlatformCode } from '../platforms/platform.js';
import type { Platforms } from '../platforms/registry.js';
import { placeholderProblem, tryRendering } from './rendering.js';
import { type MessageTemplate, platformsOf, type TemplateMapping } from './template.js';
import { ruleOf, shown, type Variable, type VariableData } from './variables.js';

/** What of a template is checked when it is saved. */
export type TemplateDraft = Pick<MessageTemplate, 'key' | 'timeZone' | 'variables' | 'platforms'>;

/** The examples of all variables, as data. */
export const examplesOf = (variables: readonly Variable[]): VariableData =>
  Object.fromEntries(variables.map(({ name, example }) => [name, example]));

/**
 * What is wrong with a template: examples, placeholders, and every rule of the platforms' fields, with the examples filled
 * in. Empty when nothing is. Throws `platform_capability_missing` for a platform without messages.
 */
export function templateProblems(platforms: Platforms, draft: TemplateDraft): FieldError[] {
  const examples = draft.variables.flatMap(({ type, example }, index): FieldError[] =>
    shown(type, example, draft.timeZone) === undefined
      ? [{ path: `variables.${index}.example`, message: ruleOf(type) }]
      : [],
  );
  const forms = platformsOf(draft).flatMap((code) => [
    ...idProblems(platforms, code, draft.platforms[code]!),
    ...textProblems(platforms.messages(code), code, draft),
  ]);
  // What cannot be filled in is not tried on the rules.
  const found = [...examples, ...forms];
  return found.length > 0 ? found : platformsOf(draft).flatMap((code) => ruleProblems(platforms.messages(code), code, draft)); // prettier-ignore
}

/** Throws `validation_failed` naming each field and rule. */
export function mustBeSound(platforms: Platforms, draft: TemplateDraft): void {
  const errors = templateProblems(platforms, draft);
  if (errors.length === 0) return;
  const detail = errors.map(({ path, message }) => `${path}: ${message}`).join('; ');
  throw problem('validation_failed', detail, { errors });
}

function idProblems(platforms: Platforms, code: PlatformCode, { templateId, accounts = {} }: TemplateMapping) {
  const { platformAppId } = platforms.get(code);
  const id = platforms.messages(code).templateId;
  const problems: FieldError[] = [];
  const check = (path: string, schema: typeof id, value: string) => {
    const parsed = schema.safeParse(value);
    if (!parsed.success) problems.push({ path, message: parsed.error.issues[0]!.message });
  };
  check(`platforms.${code}.templateId`, id, templateId);
  for (const [account, own] of Object.entries(accounts)) {
    check(`platforms.${code}.accounts.${account}`, platformAppId, account);
    check(`platforms.${code}.accounts.${account}.templateId`, id, own.templateId);
  }
  return problems;
}

function textProblems(messages: PlatformMessages, code: PlatformCode, { platforms, variables }: TemplateDraft) {
  const { fields, page, accounts = {} } = platforms[code]!;
  const ofFields = (path: string, texts: Readonly<Record<string, string>>) =>
    Object.entries(texts).map(([name, text]) => ({
      path: `${path}.${name}`,
      message: messages.fieldProblem(name) ?? placeholderProblem(text, variables),
    }));
  const all = [
    ...ofFields(`platforms.${code}.fields`, fields),
    ...Object.entries(accounts).flatMap(([account, own]) =>
      ofFields(`platforms.${code}.accounts.${account}.fields`, own.fields ?? {}),
    ),
    { path: `platforms.${code}.page`, message: page === undefined ? undefined : placeholderProblem(page, variables) },
  ];
  return all.filter((one): one is FieldError => one.message !== undefined);
}

function ruleProblems(messages: PlatformMessages, code: PlatformCode, draft: TemplateDraft): FieldError[] {
  const own = Object.entries(draft.platforms[code]!.accounts ?? {}).filter(([, { fields }]) => fields !== undefined);
  const data = examplesOf(draft.variables);
  return [undefined, ...own.map(([account]) => account)].flatMap((platformAppId, index) => {
    const { problems } = tryRendering(messages, draft, { platform: code, platformAppId }, data);
    // The page is the same in all of them, and may still come with the message.
    const hasPage = index === 0 && draft.platforms[code]!.page !== undefined;
    return problems.filter(({ path }) => hasPage || path !== `platforms.${code}.page`);
  });
}
