import { z } from 'zod';
import type { ConsentAnswer } from '../message-platform.js';

/** `user_template_id`, as the console shows it. */
export const AlipayTemplateId = z
  .string()
  .regex(/^[A-Za-z0-9_=-]{1,64}$/, 'is the template id of at most 64 letters and digits');

/** What stands between the templates. */
const NO_TEMPLATES = ['behavior', 'success', 'stat', 'error', 'errorCode', 'errorMessage', 'errMsg', 'keep', 'refuse', 'show', 'result']; // prettier-ignore

const ids = z.array(AlipayTemplateId).max(100).catch([]);
const NO_LISTS = { subscribedEntityIds: [], unsubscribedEntityIds: [], entityList: [] };
const Lists = z
  .object({
    subscribedEntityIds: ids,
    unsubscribedEntityIds: ids,
    entityList: ids,
    currentSubscribedEntityIds: z.array(z.string()).optional().catch(undefined),
  })
  .catch(NO_LISTS);

/**
 * The result of `my.requestSubscribeMessage`. Its lists decide (docs: "for the data of the subscription use `result`"), and
 * the keys by template where the lists are silent. Who closes the dialog (`behavior` other than `subscribe`) has answered
 * nothing, and where none was shown the state of before comes back: what was subscribed stays so, and is left out, unless
 * it is among those that are new. The rest counts as not accepted.
 */
export function answers(results: Readonly<Record<string, unknown>>): readonly ConsentAnswer[] {
  const lists = Lists.parse(results['result']);
  const behavior = results['behavior'];
  const isAnswered = behavior === undefined || behavior === 'subscribe';
  const added = results['show'] === false ? lists.currentSubscribedEntityIds : undefined;
  const isNew = (id: string): boolean => isAnswered && (added?.includes(id) ?? true);
  const words = new Map<string, string>();
  for (const [name, word] of Object.entries(results)) {
    if (typeof word !== 'string' || NO_TEMPLATES.includes(name) || !AlipayTemplateId.safeParse(name).success) continue;
    words.set(name, isAnswered ? word : 'cancel');
  }
  for (const id of [...lists.entityList, ...lists.unsubscribedEntityIds]) {
    words.set(id, isAnswered ? 'reject' : 'cancel');
  }
  for (const id of lists.subscribedEntityIds) {
    if (isNew(id)) words.set(id, 'accept');
    else words.delete(id);
  }
  return [...words].map(([templateId, word]) => ({
    templateId,
    isAccepted: word === 'accept',
    answer: word.slice(0, 64),
  }));
}
