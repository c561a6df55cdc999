import { PlatformError } from '../errors.js';
import type { FieldFit, OutgoingMessage, PlatformMessages, SendOutcome } from '../message-platform.js';
import { anyText, misfit, pagePath } from '../message-rules.js';
import type { PlatformAccount } from '../platform.js';
import { handedOver } from '../sending.js';
import type { AlipayGateway } from './alipay.gateway.js';
import type { GatewayAnswer } from './alipay.answers.js';
import { answers, AlipayTemplateId } from './alipay.messages.answers.js';
import { refusalOutcome } from './alipay.messages.errors.js';
import type { GatewayCall } from './alipay.request.js';

/** The old `user_id`; an `open_id` never looks like it. */
const USER_ID = /^2088\d{12}$/;
const VALUE = 50;
const PAGE = 128;
/** Alipay says 2048 without a unit. Bytes are the strictest reading, and ten keywords of fifty Chinese characters fit. */
const DATA = 2_048;
const KEYWORD = /^keyword\d{1,2}$/;

/**
 * Subscription messages of Alipay's mini-programs (docs: alipay.open.app.mini.templatemessage.send). Not those that hang on
 * a form or a payment: no `form_id` is ever sent.
 */
export class AlipayMessages implements PlatformMessages {
  /** Alipay publishes no limit; 40005 says when it is reached. This has room below what such gateways usually allow. */
  readonly pace = { perSecond: 100, burst: 5 };
  readonly isSerialPerPerson = false;
  readonly isPageRequired = true;
  readonly templateId = AlipayTemplateId;
  readonly answers = answers;

  constructor(private readonly gateway: AlipayGateway) {}

  page(page: string): FieldFit {
    return pagePath(page, PAGE);
  }

  fieldProblem(field: string): string | undefined {
    return KEYWORD.test(field) ? undefined : 'is no keyword of an Alipay template: those are keyword1, keyword2, …';
  }

  fit(field: string, text: string): FieldFit {
    const problem = this.fieldProblem(field);
    return problem === undefined ? anyText(text, VALUE) : misfit(problem);
  }

  dataProblem(fields: Readonly<Record<string, string>>): string | undefined {
    if (Object.keys(fields).length === 0) return 'A message needs at least one keyword.';
    const bytes = Buffer.byteLength(dataOf(fields));
    return bytes <= DATA ? undefined : `All keywords together are ${bytes} bytes; Alipay takes ${DATA}.`;
  }

  async send(account: PlatformAccount, message: OutgoingMessage): Promise<SendOutcome> {
    const { page } = message;
    if (page === null) {
      const detail = 'Alipay wants a page for every message: give one in the template or with the message.';
      return { kind: 'failed', fault: 'data', platformCode: 'page_missing', detail };
    }
    let answer: GatewayAnswer;
    try {
      answer = await this.gateway.act(account, callOf(message, page));
    } catch (error) {
      // Its words are ours, and say more than the general ones: which of the keys to compare, for one.
      const isOpen = error instanceof PlatformError && error.problem === 'platform_unknown';
      return isOpen ? { kind: 'unknown', detail: error.message } : handedOver(error);
    }
    const { refusal, isSigned } = answer;
    // No message id is documented.
    if (!refusal) return { kind: 'sent', platformMessageId: null };
    // What Alipay refuses before it knows the mini-program comes unsigned; what it has looked at does not.
    if (!isSigned && refusal.code === '40004') {
      return { kind: 'unknown', detail: 'Alipay has refused it without a signature; that cannot be believed.' };
    }
    return refusalOutcome(account, refusal);
  }
}

/** A text that holds JSON: that is how Alipay wants it. */
const dataOf = (fields: Readonly<Record<string, string>>): string =>
  JSON.stringify(Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, { value }])));

const callOf = ({ openid, templateId, fields }: OutgoingMessage, page: string): GatewayCall => ({
  method: 'alipay.open.app.mini.templatemessage.send',
  bizContent: {
    [USER_ID.test(openid) ? 'to_user_id' : 'to_open_id']: openid,
    user_template_id: templateId,
    page,
    data: dataOf(fields),
  },
});
