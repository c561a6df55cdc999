import type { PlatformTemplate } from '../platforms/message-platform.js';
import type { PlatformCode } from '../platforms/platform.js';
import type { MessageTemplate } from './template.js';
import { MOST_TEXT, type Variable, VARIABLE_NAME } from './variables.js';

type Draft = Pick<MessageTemplate, 'key' | 'name' | 'timeZone' | 'variables' | 'platforms'>;

/** How much of a template id stands in a key: more when less is taken. */
const LENGTHS = [8, 12, 16, 24, 40];

/** Keys for what is imported, the one to prefer first: `wechat.tpl0a1b2`. */
export const keysOf = (platform: PlatformCode, templateId: string): string[] =>
  LENGTHS.map(
    (length) =>
      `${platform}.${templateId
        .slice(0, length)
        .toLowerCase()
        .replaceAll(/[^a-z0-9._-]/g, '-')}`,
  );

/** A message template of what a platform has: each field is a text variable of its own name, to be refined by hand. */
export function draftOf(platform: PlatformCode, template: PlatformTemplate, key: string): Draft {
  const { templateId, title, kind, fields } = template;
  const variables = fields.map(({ name, label, example }, index): Variable => ({
    name: VARIABLE_NAME.test(name) ? name : `field${index + 1}`,
    type: 'text',
    example: (example || label || name).slice(0, MOST_TEXT),
  }));
  const texts = fields.map(({ name }, index) => [name, `{{${variables[index]!.name}}}`]);
  return {
    key,
    name: title.trim().slice(0, 100) || key,
    timeZone: 'Asia/Shanghai',
    variables,
    platforms: { [platform]: { templateId, kind, fields: Object.fromEntries(texts) as Record<string, string> } },
  };
}
