import type { AccessTokens, TokenSource } from '../../access-tokens.js';
import type { FieldFit, OutgoingMessage, PlatformMessages, PlatformTemplate, SendOutcome } from '../../message-platform.js'; // prettier-ignore
import { fits, lengthOf, misfit, pagePath, unshowable } from '../../message-rules.js';
import type { PlatformAccount } from '../../platform.js';
import type { DouyinApi } from '../api.js';
import { answers, TemplateId } from './answers.js';
import { send } from './send.js';
import { templates } from './templates.js';

/** Douyin names no limits for a page and a keyword; more than these are none any more. */
const PAGE = 1_024;
const KEYWORD = 64;

/** Subscribe messages of Douyin's mini-programs. */
export class DouyinMessages implements PlatformMessages {
  /** Published: 1,000 in a second (28006003 above it), and a quota of each template. */
  readonly pace = { perSecond: 1_000, burst: 50 };
  readonly isSerialPerPerson = false;
  readonly templateId = TemplateId;
  readonly answers = answers;

  constructor(
    private readonly api: DouyinApi,
    private readonly tokens: AccessTokens,
    private readonly token: TokenSource,
  ) {}

  page(page: string): FieldFit {
    return pagePath(page, PAGE);
  }

  /** Fields are named by the keywords of the template, which are words for people: `订单号`. */
  fieldProblem(field: string): string | undefined {
    return unshowable(field) ?? (lengthOf(field) <= KEYWORD ? undefined : `has more than ${KEYWORD} characters`);
  }

  /** Any text: a limit of its own is in each template, and known to Douyin alone, so nothing is cut. */
  fit(field: string, text: string): FieldFit {
    const problem = this.fieldProblem(field) ?? unshowable(text);
    return problem === undefined ? fits(text) : misfit(problem);
  }

  dataProblem(fields: Readonly<Record<string, string>>): string | undefined {
    return Object.keys(fields).length === 0 ? 'A message needs at least one keyword.' : undefined;
  }

  send(account: PlatformAccount, message: OutgoingMessage): Promise<SendOutcome> {
    return send(this.api, this.tokens, this.token, account, message);
  }

  templates(account: PlatformAccount): Promise<readonly PlatformTemplate[]> {
    return templates(this.api, this.tokens, this.token, account);
  }
}
