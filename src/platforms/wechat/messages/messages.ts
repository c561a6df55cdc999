import type { AccessTokens, TokenSource } from '../../access-tokens.js';
import type { OutgoingMessage, PlatformMessages, PlatformTemplate, SendOutcome } from '../../message-platform.js';
import { pagePath } from '../../message-rules.js';
import type { PlatformAccount } from '../../platform.js';
import type { WechatApi } from '../api.js';
import { answers, TemplateId } from './answers.js';
import { dataProblem, fieldProblem, fit } from './fields.js';
import { send } from './send.js';
import { templates } from './templates.js';

/** WeChat names no limit for a page; more than this is no address of a page any more. */
const PAGE = 1_024;

/** Subscribe messages of WeChat's mini-programs. */
export class WechatMessages implements PlatformMessages {
  /** WeChat limits the day (30 million with payments, 10 million without: about 115 a second) and publishes no second. */
  readonly pace = { perSecond: 300, burst: 15 };
  /** Two at once to one person are refused: 43108. */
  readonly isSerialPerPerson = true;
  readonly templateId = TemplateId;
  readonly fieldProblem = fieldProblem;
  readonly fit = fit;
  readonly dataProblem = dataProblem;
  readonly answers = answers;

  constructor(
    private readonly api: WechatApi,
    private readonly tokens: AccessTokens,
    private readonly token: TokenSource,
  ) {}

  page(page: string) {
    return pagePath(page, PAGE);
  }

  send(account: PlatformAccount, message: OutgoingMessage): Promise<SendOutcome> {
    return send(this.api, this.tokens, this.token, account, message);
  }

  templates(account: PlatformAccount): Promise<readonly PlatformTemplate[]> {
    return templates(this.api, this.tokens, this.token, account);
  }
}
