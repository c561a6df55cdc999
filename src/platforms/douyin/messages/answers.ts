import { z } from 'zod';
import type { ConsentAnswer } from '../../message-platform.js';

/** `msg_id`, as the console shows it: `MSG` and digits in every sample, though no page says so. */
export const TemplateId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'is the template id of letters and digits');

/** What stands between the templates: `templateSettings` says what the person has chosen for the next time. */
const NO_TEMPLATES = ['templateSettings', 'errMsg', 'errNo', 'errCode', 'errorCode'];

/** The result of `tt.requestSubscribeMessage`: templates to `accept`, `reject`, `ban` or `fail`. */
export const answers = (results: Readonly<Record<string, unknown>>): readonly ConsentAnswer[] =>
  Object.entries(results).flatMap(([templateId, answer]) =>
    typeof answer === 'string' && !NO_TEMPLATES.includes(templateId) && TemplateId.safeParse(templateId).success
      ? [{ templateId, isAccepted: answer === 'accept', answer: answer.slice(0, 64) }]
      : [],
  );
