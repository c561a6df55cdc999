import type { FieldError } from '../common/errors.js';
import { problem } from '../common/problems.js';
import type { OutgoingMessage, PlatformMessages } from '../platforms/message-platform.js';
import type { PlatformCode } from '../platforms/platform.js';
import { formOf, type MessageTemplate, type TemplateForm } from './template.js';
import { ruleOf, shown, type Variable, type VariableData, type VariableValue, valueOf } from './variables.js';

/** A template filled with values, as one platform takes it. */
export type RenderedMessage = Pick<OutgoingMessage, 'templateId' | 'fields' | 'page'>;

/** The same, whether it can be sent or not. */
export interface Rendering extends RenderedMessage {
  /** Fields whose text was too long and was cut. */
  readonly shortened: readonly string[];
  /** Why it cannot be sent; empty when it can. */
  readonly problems: readonly FieldError[];
}

/** What of a platform's port rendering needs: its rules, no network. */
export type MessageRules = Pick<PlatformMessages, 'page' | 'isPageRequired' | 'fit' | 'dataProblem'>;

type Rendered = Pick<MessageTemplate, 'key' | 'timeZone' | 'variables' | 'platforms'>;

/** Where a template is rendered for. */
export interface RenderingTarget {
  readonly platform: PlatformCode;
  /** Left out: any mini-program that the template does not name. */
  readonly platformAppId?: string | undefined;
  /** A page instead of the template's; may hold variables. */
  readonly page?: string | null | undefined;
}

/**
 * Fills a template for one mini-program by the platform's rules. Pure. Throws 422 `message_template_not_mapped` when it has
 * no form there, and `message_data_invalid` naming each field and rule that the values break.
 */
export function renderMessage(
  rules: MessageRules,
  template: Rendered,
  target: RenderingTarget,
  data: VariableData,
): RenderedMessage {
  const { templateId, fields, page, problems } = tryRendering(rules, template, target, data);
  if (problems.length > 0) throw unfilled(template, problems);
  return { templateId, fields, page };
}

/** The error for values that do not fill a template. */
export function unfilled({ key }: Pick<MessageTemplate, 'key'>, errors: readonly FieldError[]) {
  const first = errors.map(({ path, message }) => `${path}: ${message}`).join('; ');
  return problem('message_data_invalid', `The data does not fill ${key}: ${first}.`, { errors });
}

/** Like `renderMessage`, and gives what is wrong instead of throwing it. Throws only `message_template_not_mapped`. */
export function tryRendering(
  rules: MessageRules,
  template: Rendered,
  { platform, platformAppId, page }: RenderingTarget,
  data: VariableData,
): Rendering {
  const form = formOf(template, platform, platformAppId);
  if (!form) throw problem('message_template_not_mapped', `${template.key} has no form on ${platform}: add it to platforms.`); // prettier-ignore
  const filling = new Filling(template, data);
  const { fields, shortened, problems } = fieldsOf(rules, form, filling);
  const path = page ? 'page' : `platforms.${platform}.page`;
  const there = pageOf(rules, page ?? form.page, path, filling);
  const isWhole = problems.length === 0 && filling.problems.length === 0;
  const whole = isWhole ? rules.dataProblem(fields) : undefined;
  return {
    templateId: form.templateId,
    fields,
    page: there.page,
    shortened,
    problems: [
      ...filling.problems,
      ...problems,
      ...(whole === undefined ? [] : [{ path: form.fieldsPath, message: whole }]),
      ...there.problems,
    ],
  };
}

const PLACEHOLDER = /\{\{\s*([^{}\s]*)\s*\}\}/gu;

/** What is wrong with the placeholders of a text, to go on after its path; undefined when they are all variables. */
export function placeholderProblem(text: string, variables: readonly Variable[]): string | undefined {
  const names = [...text.matchAll(PLACEHOLDER)].map(([, name]) => name ?? '');
  const unknown = names.find((name) => !variables.some((variable) => variable.name === name));
  if (unknown !== undefined) return `{{${unknown}}} is not a variable of this template`;
  return /\{\{|\}\}/.test(text.replaceAll(PLACEHOLDER, ''))
    ? 'has {{ or }} without a variable between them'
    : undefined;
}

/** Values put into texts; remembers which of them were missing or of the wrong form. */
class Filling {
  readonly #problems = new Map<string, string>();

  constructor(
    private readonly template: Pick<MessageTemplate, 'timeZone' | 'variables'>,
    private readonly data: VariableData,
  ) {}

  get problems(): FieldError[] {
    return [...this.#problems].map(([name, message]) => ({ path: `data.${name}`, message }));
  }

  /** The text as a person reads it; undefined when a value is missing or of the wrong form. */
  read(text: string): string | undefined {
    return this.#fill(text, (_, as) => as);
  }

  /** For a page: values as they came, made safe for a query. */
  inPage(text: string): string | undefined {
    return this.#fill(text, (value) => encodeURIComponent(value));
  }

  #fill(text: string, put: (value: VariableValue, as: string) => string): string | undefined {
    if (!text.includes('{{')) return text;
    let isWhole = true;
    const filled = text.replaceAll(PLACEHOLDER, (_, name: string) => {
      const value = this.#value(name);
      if (value === undefined) isWhole = false;
      return value === undefined ? '' : put(value.given, value.as);
    });
    return isWhole ? filled : undefined;
  }

  #value(name: string): { given: VariableValue; as: string } | undefined {
    const variable = this.template.variables.find((one) => one.name === name);
    if (!variable) return this.#wrong(name, 'the template has no such variable');
    const given = valueOf(this.data, name);
    if (given === undefined) return this.#wrong(name, 'is missing');
    const as = shown(variable.type, given, this.template.timeZone);
    return as === undefined ? this.#wrong(name, ruleOf(variable.type)) : { given, as };
  }

  #wrong(name: string, message: string): undefined {
    this.#problems.set(name, message);
  }
}

/** Each field filled and fitted. One whose values are wrong is left out: its problem is the value's. */
function fieldsOf(rules: MessageRules, form: TemplateForm, filling: Filling) {
  const fields: Record<string, string> = {};
  const shortened: string[] = [];
  const problems: FieldError[] = [];
  for (const [name, text] of Object.entries(form.fields)) {
    const filled = filling.read(text);
    if (filled === undefined) continue;
    const fit = rules.fit(name, filled);
    if (!fit.fits) {
      problems.push({ path: `${form.fieldsPath}.${name}`, message: fit.detail });
      continue;
    }
    fields[name] = fit.text;
    if (fit.isShortened) shortened.push(name);
  }
  return { fields, shortened, problems };
}

const PAGELESS = 'is needed: the platform sends nothing that leads nowhere; name one here or with the message';

function pageOf(rules: MessageRules, text: string | null, path: string, filling: Filling) {
  if (text === null) return { page: null, problems: rules.isPageRequired ? [{ path, message: PAGELESS }] : [] };
  const filled = filling.inPage(text);
  if (filled === undefined) return { page: null, problems: [] };
  const fit = rules.page(filled);
  return fit.fits ? { page: fit.text, problems: [] } : { page: null, problems: [{ path, message: fit.detail }] };
}
