import type { z } from 'zod';
import type { Account, AccountBook } from '../core/accounts.js';
import { type Action, action, consentSchema, type World } from '../core/platform.js';
import type { SessionKeys } from '../core/session-keys.js';
import type { WechatCredentials } from './credentials.js';
import type { MessagePushes } from './message-pushes.js';
import { openidOf } from './people.js';
import { kindOf, type Template, type Templates } from './templates.js';

const MOST_AT_ONCE = 5;
/** All of them let one message through. */
const ACCEPTED = new Set(['accept', 'acceptWithAudio', 'acceptWithAlert', 'acceptWithForcePush']);

type Consenting = z.output<typeof consentSchema>;
interface Asked {
  readonly templateId: string;
  readonly template: Template;
  readonly answer: string;
}

/** `wx.requestSubscribeMessage` on the person's phone, and the switches in the mini-program's settings. */
export class Consenter {
  readonly #accounts: AccountBook<WechatCredentials>;

  constructor(
    private readonly world: World,
    private readonly templates: Templates,
    private readonly sessionKeys: SessionKeys,
    private readonly pushes: MessagePushes,
  ) {
    this.#accounts = world.accounts('wechat');
  }

  /** Gives what the client's call gives: `{results}`. */
  readonly act: Action = action(consentSchema, (given) => {
    const account = this.#accounts.require(given.platformAppId);
    const { user } = given;
    const openid = openidOf(account.platformAppId, user);
    // Who opens a mini-program has an openid there, also without a login.
    if (!this.sessionKeys.get(account.platformAppId, openid)) {
      this.sessionKeys.renew(account.platformAppId, openid, user);
    }
    const asked = this.#asked(account, given);
    const failure = this.#failure(given, asked);
    if (failure) return { results: failure };
    return { results: given.settings ? this.#change(account, given, asked) : this.#answer(account, given, asked) };
  });

  /** The answers of the dialog; a kept one is given without any. */
  #answer(account: Account, { user, keep, report }: Consenting, asked: readonly Asked[]): object {
    const openid = openidOf(account.platformAppId, user);
    const given = asked.map(({ templateId, template, answer }) => {
      const kept = this.world.consents.get(account, { openid, templateId })?.kept;
      return { templateId, template, answer: kept ?? answer };
    });
    for (const { templateId, template, answer } of given) {
      const person = { user, openid, templateId };
      const kept = keep ? answer : undefined;
      if (ACCEPTED.has(answer)) this.world.consents.accept(account, person, kindOf(template), kept);
      else if (answer === 'reject') this.world.consents.reject(account, person, kept);
    }
    // The dialog has no row for a template that is banned or filtered.
    const shown = given.filter(({ answer }) => ACCEPTED.has(answer) || answer === 'reject');
    if (report) {
      this.pushes.consent(account, openid, 'subscribe_msg_popup_event', shown.map(pushed), { PopupScene: '0' });
    }
    const answers = given.map(({ templateId, answer }) => [templateId, answer] as const);
    return { ...Object.fromEntries(answers), errMsg: 'requestSubscribeMessage:ok' };
  }

  /** Switching off takes back everything; WeChat tells of switching on only where that means something. */
  #change(account: Account, { user, report }: Consenting, asked: readonly Asked[]): object {
    const openid = openidOf(account.platformAppId, user);
    const told = asked.filter(({ template, answer }) => !ACCEPTED.has(answer) || kindOf(template) === 'long_term');
    for (const { templateId, template, answer } of asked) {
      const person = { user, openid, templateId };
      if (!ACCEPTED.has(answer)) this.world.consents.switchOff(account, person);
      else if (kindOf(template) === 'long_term') this.world.consents.accept(account, person, 'long_term');
    }
    if (report) this.pushes.consent(account, openid, 'subscribe_msg_change_event', told.map(pushed));
    return Object.fromEntries(asked.map(({ templateId, answer }) => [templateId, answer] as const));
  }

  #asked(account: Account, { templateIds, answer: given }: Consenting): Asked[] {
    return templateIds.flatMap((templateId) => {
      const template = this.templates.find(account, templateId);
      const answer = typeof given === 'string' ? given : (given[templateId] ?? 'reject');
      return template ? [{ templateId, template, answer }] : [];
    });
  }

  /** What the client's call gives when it shows no dialog. */
  #failure({ templateIds, settings }: Consenting, asked: readonly Asked[]): object | undefined {
    const kinds = new Set(asked.map(({ template }) => kindOf(template)));
    if (templateIds.length === 0) return failed(10001, 'TmplIds can not be empty');
    if (asked.length < templateIds.length)
      return failed(20001, 'No template data return, verify the template id exist');
    if (settings) return undefined;
    if (kinds.size > 1) return failed(20002, 'Templates type must be same');
    if (templateIds.length > MOST_AT_ONCE) return failed(20003, 'Templates count out of max bounds');
    return undefined;
  }
}

/** WeChat's pushes know two words. */
const pushed = ({ templateId, answer }: Asked) => ({
  TemplateId: templateId,
  SubscribeStatusString: ACCEPTED.has(answer) ? 'accept' : 'reject',
});

const failed = (errCode: number, text: string): object => ({
  errMsg: `requestSubscribeMessage:fail ${text}`,
  errCode,
});
