import { z } from 'zod';
import { PageQuery, pageOf } from '../common/pagination.js';
import { PLATFORM_CODES } from '../platforms/platform.js';
import { ENTRY_KINDS } from './consent-moves.js';

/** Clients say more than the answers (`errMsg`, …); dialogs name five templates at most. */
const MOST_MEMBERS = 50;
export const MOST_ANSWERS = 20;

const templateId = z.string().meta({ description: "The platform's own." });
const template = z.string().nullable().meta({ description: 'Key of the message template that uses it.' });
const answer = z.string().meta({ description: "The platform's word: `accept`, `reject`, `ban`, `filter`, …" });
const available = z.int().meta({
  description: 'Messages that can be sent by single acceptances. With `subscribed` any number can.',
});
const subscribed = z.boolean().meta({ description: 'Accepted for the long term, and not taken back.' });

export const ReportConsents = z
  .strictObject({
    platform: z.enum(PLATFORM_CODES),
    platformAppId: z.string().min(1).max(64).optional(),
    results: z
      .record(z.string().max(200), z.unknown())
      .refine((results) => Object.keys(results).length <= MOST_MEMBERS, `has more than ${MOST_MEMBERS} members`)
      .meta({ description: "What the client's subscribe call returned, as it is." }),
  })
  .meta({ id: 'ReportConsents' });
export type ReportConsents = z.infer<typeof ReportConsents>;

export const ReportedConsents = z
  .object({
    data: z.array(
      z.object({
        templateId,
        template,
        answer,
        counted: z.boolean().meta({
          description: 'Whether this is an acceptance that counts; not within three seconds of another.',
        }),
        available,
        subscribed,
      }),
    ),
    ignored: z.array(z.string()).meta({ description: 'Template ids that no message template of the app uses.' }),
  })
  .meta({ id: 'ReportedConsents' });
export type ReportedConsents = z.infer<typeof ReportedConsents>;

export const ConsentView = z
  .object({
    platform: z.enum(PLATFORM_CODES),
    platformAppId: z.string(),
    templateId,
    template,
    kind: z.enum(['one_time', 'long_term']),
    available,
    reserved: z.int().meta({ description: 'Messages on their way, or whose outcome is unknown.' }),
    subscribed,
    answer,
    answeredAt: z.iso.datetime(),
  })
  .meta({ id: 'MessageConsent' });
export type ConsentView = z.infer<typeof ConsentView>;
export const ConsentPage = pageOf(ConsentView).meta({ id: 'MessageConsentPage' });
export type ConsentPage = z.infer<typeof ConsentPage>;

export const ConsentEntryView = z
  .object({
    id: z.string(),
    platformAccountId: z.string(),
    openid: z.string(),
    templateId,
    kind: z.enum(ENTRY_KINDS),
    granted: z.int().meta({ description: 'By how much this changed what the platform has granted.' }),
    claimed: z.int().meta({ description: 'By how much this changed what clients claim and no push has proven.' }),
    reserved: z.int().meta({ description: 'By how much this changed what messages on their way hold.' }),
    reason: z.string(),
    notificationId: z.string().nullable(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'MessageConsentEntry' });
export type ConsentEntryView = z.infer<typeof ConsentEntryView>;
export const ConsentEntryPage = pageOf(ConsentEntryView).meta({ id: 'MessageConsentEntryPage' });

export const ConsentEntryQuery = PageQuery.extend({
  userId: z.string().max(64).optional(),
  openid: z.string().max(128).optional(),
  template: z.string().max(100).optional().meta({ description: 'Key or id of a message template.' }),
});
export type ConsentEntryQuery = z.infer<typeof ConsentEntryQuery>;
