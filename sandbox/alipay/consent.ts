import type { z } from 'zod';
import type { Account, AccountBook } from '../core/accounts.js';
import { type Action, action, consentSchema, type World } from '../core/platform.js';
import type { AlipayCredentials } from './developer-console.js';
import { idsOf, type People } from './people.js';
import type { Template, Templates } from './templates.js';

const MOST_AT_ONCE = 3;

type Consenting = z.output<typeof consentSchema>;
type Program = Account<AlipayCredentials>;
interface Answered {
  readonly template: Template;
  readonly answer: string;
  /** False: an answer that was kept. */
  readonly isAsked: boolean;
}

/** By which id consents are counted: the one that the mini-program knows people by. */
export function idOf(account: Program, user: string): string {
  const { open_id: openId, user_id: userId = '' } = idsOf(account, user);
  return openId ?? userId;
}

/** `my.requestSubscribeMessage` on the person's phone, and the switches in the mini-program's settings. */
export class Consenter {
  readonly #accounts: AccountBook<AlipayCredentials>;

  constructor(
    private readonly world: World,
    private readonly people: People,
    private readonly templates: Templates,
  ) {
    this.#accounts = world.accounts('alipay');
  }

  /** Gives what the client's call gives: `{results}`. Alipay pushes nothing of it. */
  readonly act: Action = action(consentSchema, (given) => {
    const account = this.#accounts.require(given.platformAppId);
    this.people.remember(account, given.user);
    const templates = given.templateIds.flatMap((id) => this.templates.find(account, id) ?? []);
    const failure = failureOf(given, templates);
    if (failure) return { results: failure };
    const answered = templates.map((template) => this.#answered(account, given, template));
    for (const one of answered) this.#apply(account, given, one);
    return { results: resultOf(given, answered) };
  });

  #answered(account: Program, { user, answer, settings }: Consenting, template: Template): Answered {
    const key = { openid: idOf(account, user), templateId: template.id };
    const kept = settings ? undefined : this.world.consents.get(account, key)?.kept;
    const now = typeof answer === 'string' ? answer : (answer[template.id] ?? 'reject');
    return { template, answer: kept ?? now, isAsked: kept === undefined };
  }

  #apply(account: Program, { user, keep, settings }: Consenting, { template, answer, isAsked }: Answered): void {
    const { consents } = this.world;
    const { id: templateId, kind } = template;
    const person = { user, openid: idOf(account, user), templateId };
    const kept = keep ? answer : undefined;
    if (settings && answer !== 'accept') consents.switchOff(account, person);
    else if (settings && kind === 'one_time') return;
    // Without a dialog nothing more was accepted.
    else if (answer === 'accept' && isAsked) consents.accept(account, person, kind, kept);
    else if (answer === 'reject' && isAsked) consents.reject(account, person, kept);
  }
}

/** What the client's call gives when it shows no dialog. */
function failureOf({ templateIds, settings }: Consenting, templates: readonly Template[]): object | undefined {
  if (templateIds.length === 0 || (templateIds.length > MOST_AT_ONCE && !settings)) return failed(203, '无效的参数');
  if (templates.length < templateIds.length) return failed(106008, '模板ID不正确');
  if (!settings && new Set(templates.map(({ kind }) => kind)).size > 1) return failed(106002, '模板类型不一致');
  return undefined;
}

const failed = (error: number, errorMessage: string): object => ({ error, errorCode: error, errorMessage });

function resultOf({ templateIds, keep }: Consenting, answered: readonly Answered[]): object {
  const isShown = answered.some(({ isAsked }) => isAsked);
  const accepted = answered.filter(({ answer }) => answer === 'accept');
  const idsIn = (list: readonly Answered[]): string[] => list.map(({ template }) => template.id);
  const refused = answered.filter(({ answer }) => answer !== 'accept');
  const words = answered.map(({ template, answer }) => [template.id, answer === 'accept' ? answer : 'reject'] as const);
  return {
    ...Object.fromEntries(words),
    behavior: isShown ? (accepted.length > 0 ? 'subscribe' : 'cancel') : '',
    show: isShown,
    keep,
    refuse: accepted.length === 0,
    result: {
      subscribeEntityIds: templateIds,
      subscribedEntityIds: idsIn(accepted),
      unsubscribedEntityIds: idsIn(refused),
      currentSubscribedEntityIds: idsIn(accepted.filter(({ isAsked }) => isAsked)),
    },
  };
}
