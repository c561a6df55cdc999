import { IANAZone } from 'luxon';
import { z } from 'zod';
import { PageQuery, pageOf } from '../common/pagination.js';
import { PLATFORM_CODES } from '../platforms/platform.js';
import { MOST_TEXT, MOST_VARIABLES, VARIABLE_NAME, VARIABLE_TYPES, variableData } from './variables.js';

const MOST_FIELDS = 10;
const MOST_ACCOUNTS = 20;
/** Messages are read in China unless the developer says otherwise. */
const CHINA = 'Asia/Shanghai';

const key = z
  .string()
  .regex(/^[a-z][a-z0-9._-]{0,63}$/, 'must be a lower-case letter and up to 63 of a-z 0-9 . _ -')
  .refine((text) => !text.startsWith('tpl_'), 'must not look like an id')
  .meta({
    description: 'Your name of it: `order.shipped`. Unique in the app; every route takes it in place of the id.',
  });
const name = z.string().trim().min(1).max(100).meta({ description: 'For people. Left out: the key.' });
const timeZone = z
  .string()
  .max(64)
  .refine((zone) => IANAZone.isValidZone(zone), 'must be a time zone like Asia/Shanghai')
  .meta({ description: 'Where `datetime` variables are read.' });

const variable = z.strictObject({
  name: z.string().regex(VARIABLE_NAME, 'must be a letter and up to 39 letters, digits and _'),
  type: z.enum(VARIABLE_TYPES).meta({
    description:
      'How it is written, the same on every platform: `amount` (integer of fen) ¥12.34, `date` 2026年11月20日, `datetime` 2026年11月20日 15:01, `time` 15:01; `text`, `number` and `phone` as they are.',
  }),
  example: z.union([z.string().min(1).max(MOST_TEXT), z.number()]).meta({
    description: 'A value as you would send it; with the examples the template is checked and previewed.',
  }),
});
const variables = z
  .array(variable)
  .max(MOST_VARIABLES)
  .refine((all) => new Set(all.map(({ name: one }) => one)).size === all.length, 'has a name twice');

const text = z.string().min(1).max(MOST_TEXT);
const fields = z
  .record(z.string().min(1).max(64), text)
  .refine((all) => Object.keys(all).length <= MOST_FIELDS, `has more than ${MOST_FIELDS} fields`)
  .meta({ description: "Texts with `{{variable}}`, by the platform's own name of the field: `thing1`, `keyword1`, …" });
const templateId = z.string().min(1).max(128).meta({ description: "The platform's own id of the template." });
const accountMapping = z.strictObject({ templateId, fields: fields.optional() });

const mapping = z.strictObject({
  templateId,
  kind: z.enum(['one_time', 'long_term']).default('one_time').meta({
    description:
      '`one_time`: each acceptance lets one message through. `long_term`: any number, until it is taken back.',
  }),
  fields,
  page: text.optional().meta({
    description: 'Where a tap leads; `{{variable}}` stands for the value as you send it, made safe for a query.',
  }),
  accounts: z
    .record(z.string().min(1).max(64), accountMapping)
    .refine((all) => Object.keys(all).length <= MOST_ACCOUNTS, `has more than ${MOST_ACCOUNTS} mini-programs`)
    .optional()
    .meta({ description: 'By `platformAppId`: what is otherwise in that mini-program.' }),
});
const platforms = z
  .partialRecord(z.enum(PLATFORM_CODES), mapping)
  .meta({ description: 'What it is on each platform.' });

export const CreateMessageTemplate = z
  .strictObject({
    key,
    name: name.optional(),
    timeZone: timeZone.default(CHINA),
    variables: variables.default([]),
    platforms,
  })
  .meta({ id: 'CreateMessageTemplate' });
export type CreateMessageTemplate = z.infer<typeof CreateMessageTemplate>;

export const UpdateMessageTemplate = z
  .strictObject({ key, name, timeZone, variables, platforms })
  .partial()
  .meta({ id: 'UpdateMessageTemplate' });
export type UpdateMessageTemplate = z.infer<typeof UpdateMessageTemplate>;

const fieldTexts = z.record(z.string(), z.string());
const mappingView = z.object({
  templateId: z.string(),
  kind: z.enum(['one_time', 'long_term']),
  fields: fieldTexts,
  page: z.string().optional(),
  accounts: z.record(z.string(), z.object({ templateId: z.string(), fields: fieldTexts.optional() })).optional(),
});

export const MessageTemplateView = z
  .object({
    id: z.string(),
    key: z.string(),
    name: z.string(),
    timeZone: z.string(),
    variables: z.array(
      z.object({ name: z.string(), type: z.enum(VARIABLE_TYPES), example: z.union([z.string(), z.number()]) }),
    ),
    platforms: z.record(z.string(), mappingView),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'MessageTemplate' });
export type MessageTemplateView = z.infer<typeof MessageTemplateView>;
export const MessageTemplatePage = pageOf(MessageTemplateView).meta({ id: 'MessageTemplatePage' });

export const MessageTemplateQuery = PageQuery.extend({
  platform: z.enum(PLATFORM_CODES).optional().meta({ description: 'Only those that are mapped to it.' }),
});
export type MessageTemplateQuery = z.infer<typeof MessageTemplateQuery>;

export const PreviewMessage = z
  .strictObject({
    data: variableData.optional().meta({ description: 'Left out: the examples.' }),
    platform: z.enum(PLATFORM_CODES).optional().meta({ description: 'Left out: all that it is mapped to.' }),
    platformAppId: z.string().max(64).optional(),
  })
  .meta({ id: 'PreviewMessage' });
export type PreviewMessage = z.infer<typeof PreviewMessage>;

const fieldErrors = z.array(z.object({ path: z.string(), message: z.string() }));
const preview = z.object({
  templateId: z.string(),
  fields: fieldTexts,
  page: z.string().nullable(),
  shortened: z.array(z.string()).meta({ description: 'Fields whose text was too long and ends with …' }),
  problems: fieldErrors.meta({ description: 'Why such a message would not be sent; empty when it would.' }),
});
export const MessagePreview = z.object({ platforms: z.record(z.string(), preview) }).meta({ id: 'MessagePreview' });
export type MessagePreview = z.infer<typeof MessagePreview>;

export const ImportMessageTemplates = z
  .strictObject({ platform: z.enum(PLATFORM_CODES), platformAppId: z.string().max(64).optional() })
  .meta({ id: 'ImportMessageTemplates' });
export type ImportMessageTemplates = z.infer<typeof ImportMessageTemplates>;

export const ImportedMessageTemplates = z
  .object({
    data: z.array(MessageTemplateView).meta({ description: 'What was made.' }),
    skipped: z.int().meta({ description: 'How many were mapped already.' }),
    refused: z
      .array(z.object({ templateId: z.string(), title: z.string(), problems: fieldErrors }))
      .meta({ description: 'What the platform has and cannot be mapped by itself, with the reason.' }),
  })
  .meta({ id: 'ImportedMessageTemplates' });
export type ImportedMessageTemplates = z.infer<typeof ImportedMessageTemplates>;

const day = z.iso.date();
export const MessageCountQuery = z.strictObject({
  from: day.optional().meta({ description: 'The first day, in China. Left out: 29 days before the last.' }),
  to: day.optional().meta({ description: 'The last day, at most 365 later. Left out: today.' }),
});
export type MessageCountQuery = z.infer<typeof MessageCountQuery>;

export const MessageCounts = z
  .object({
    from: day,
    to: day,
    data: z.array(
      z.object({
        day,
        platform: z.string().meta({ description: '`none`: the users were never on a platform of the template.' }),
        status: z.enum(['sent', 'refused', 'failed', 'unknown', 'expired', 'canceled']),
        count: z.int(),
      }),
    ),
  })
  .meta({ id: 'MessageCounts' });
export type MessageCounts = z.infer<typeof MessageCounts>;
