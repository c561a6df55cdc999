import type { z } from 'zod';
import type { Account, AccountBook } from '../core/accounts.js';
import { type Action, action, consentSchema, type World } from '../core/platform.js';
import type { DouyinCredentials } from './credentials.js';
import { openidOf } from './people.js';
import { kindOf, type Template, type Templates } from './templates.js';

const MOST_AT_ONCE = 3;

type Consenting = z.output<typeof consentSchema>;

/** `tt.requestSubscribeMessage` on the person's phone, and the switches in the mini-program's settings. */
export class Consenter {
  readonly #accounts: AccountBook<DouyinCredentials>;

  constructor(
    private readonly world: World,
    private readonly templates: Templates,
  ) {
    this.#accounts = world.accounts('douyin');
  }

  /** Gives what the client's call gives: `{results}`. Douyin pushes nothing of it. */
  readonly act: Action = action(consentSchema, (given) => {
    const account = this.#accounts.require(given.platformAppId);
    const templates = given.templateIds.flatMap((id) => this.templates.find(account, id) ?? []);
    const failure = failureOf(given, templates);
    return { results: failure ?? this.#answer(account, given, templates) };
  });

  #answer(account: Account, given: Consenting, templates: readonly Template[]): object {
    const { user, answer: wanted, keep, settings } = given;
    const { consents } = this.world;
    const openid = openidOf(account.platformAppId, user);
    const results: Record<string, string> = {};
    const chosen: Record<string, object> = {};
    for (const template of templates) {
      const { msgId: templateId } = template;
      const person = { user, openid, templateId };
      const before = consents.get(account, person)?.kept;
      const now = typeof wanted === 'string' ? wanted : (wanted[templateId] ?? 'reject');
      const answer = settings ? now : (before ?? now);
      const kept = keep ? answer : undefined;
      if (answer === 'accept') {
        if (!settings || kindOf(template) === 'long_term') consents.accept(account, person, kindOf(template), kept);
      } else if (settings) consents.switchOff(account, person);
      else if (answer === 'reject') consents.reject(account, person, kept);
      results[templateId] = answer;
      chosen[templateId] = { status: answer, alwaysSubscribe: (kept ?? before) !== undefined };
    }
    return { ...results, templateSettings: chosen, errMsg: 'requestSubscribeMessage:ok' };
  }
}

/** What the client's call gives when it shows no dialog. */
function failureOf({ templateIds, settings }: Consenting, templates: readonly Template[]): object | undefined {
  if (templateIds.length === 0) return failed(1002, 20000, 'tmplIds is empty');
  if (templateIds.length > MOST_AT_ONCE && !settings) return failed(1003, 20000, 'more than 3 tmplIds');
  if (templates.length < templateIds.length) return failed(1004, 21101, 'template does not exist');
  if (!settings && new Set(templates.map(kindOf)).size > 1) return failed(1005, 20000, 'templates of two types');
  return undefined;
}

const failed = (errNo: number, errCode: number, text: string): object => ({
  errMsg: `requestSubscribeMessage:fail ${text}`,
  errNo,
  errCode,
});
