import { z } from 'zod';
import type { ConsentAnswer } from '../../message-platform.js';

/** `priTmplId`, as the console and gettemplate show it. */
export const TemplateId = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'is the template id of 43 characters');

/** The last three say how the person wants to be told: aloud, or on top of everything. */
const ACCEPTED = ['accept', 'acceptWithAudio', 'acceptWithAlert', 'acceptWithForcePush'];

/** One word of WeChat about one template. */
export const answerOf = (templateId: string, answer: string): ConsentAnswer => ({
  templateId,
  isAccepted: ACCEPTED.includes(answer),
  answer: answer.slice(0, 64),
});

/** The result of `wx.requestSubscribeMessage`: templates to words, with `errMsg` and the like between them. */
export const answers = (results: Readonly<Record<string, unknown>>): readonly ConsentAnswer[] =>
  Object.entries(results).flatMap(([templateId, answer]) =>
    typeof answer === 'string' && TemplateId.safeParse(templateId).success ? [answerOf(templateId, answer)] : [],
  );
