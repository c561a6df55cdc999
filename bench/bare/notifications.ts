import { Pool } from 'undici';
import type { Run } from './database.js';
import { postJson } from './notifications-http.js';
import { CLAIM, RECORD } from './notifications-sql.js';
import type { Settings } from './settings.js';

/** What the bench orders: to send all that is due of one template. */
export interface SendOrder {
  readonly templateId: string;
  readonly templateKey: string;
}

interface Claimed extends Record<string, unknown> {
  readonly id: string;
  readonly openid: string;
  readonly templateId: string;
  readonly data: Readonly<Record<string, string>>;
  readonly page: string | null;
}

interface Result {
  readonly id: string;
  readonly messageId: string | null;
}

const IN_FLIGHT = 64;
const LEASE_MS = 30_000;

/** Claims in batches, one batch ahead of what it sends, posts and writes results together. */
export class Notifier {
  readonly #pool: Pool;
  #results: Result[] = [];
  #writing: Promise<void> | undefined;
  #token: string | undefined;

  constructor(
    private readonly settings: Settings,
    private readonly run: Run,
  ) {
    this.#pool = new Pool(settings.platformUrl, { connections: IN_FLIGHT });
  }

  /** Resolves when nothing is due any more, and all is written. */
  async send(order: SendOrder): Promise<void> {
    this.#token ??= await this.#accessToken();
    let inFlight = 0;
    let wake: (() => void) | undefined;
    const change = (): Promise<void> => new Promise((resolve) => (wake = resolve));
    const sendOne = async (message: Claimed): Promise<void> => {
      inFlight++;
      await this.#send(order, message);
      inFlight--;
      wake?.();
    };
    let next = this.#claim();
    for (let batch = await next; batch.length > 0; batch = await next) {
      next = this.#claim();
      for (const message of batch) {
        if (inFlight >= IN_FLIGHT) await change();
        void sendOne(message);
      }
    }
    while (inFlight > 0) await change();
    await this.#writing;
  }

  #claim(): Promise<Claimed[]> {
    const now = Date.now();
    const { appId, accountId } = this.settings;
    return this.run<Claimed>(CLAIM, [appId, accountId, new Date(now), new Date(now + LEASE_MS), IN_FLIGHT]);
  }

  /** The template of the bench maps its fields to variables of the same names. */
  async #send(order: SendOrder, { id, openid, templateId, data, page }: Claimed): Promise<void> {
    const fields = Object.fromEntries(Object.entries(data).map(([name, value]) => [name, { value }]));
    const body = { touser: openid, template_id: templateId, data: fields, ...(page === null ? {} : { page }) };
    const path = `/cgi-bin/message/subscribe/send?access_token=${encodeURIComponent(this.#token!)}`;
    const answer = await postJson(this.#pool, path, body);
    if (answer['errcode']) throw new Error(`the platform answers ${JSON.stringify(answer)}`);
    const { msgid } = answer;
    this.#results.push({ id, messageId: typeof msgid === 'number' ? String(msgid) : null });
    this.#writing ??= this.#write(order).finally(() => (this.#writing = undefined));
  }

  /** Those that end while one statement runs go together in the next one. */
  async #write({ templateId, templateKey }: SendOrder): Promise<void> {
    await new Promise(setImmediate);
    while (this.#results.length > 0) {
      const results = this.#results;
      this.#results = [];
      const { appId, accountId } = this.settings;
      const now = new Date();
      const day = new Date(now.getTime() + 8 * 3_600_000).toISOString().slice(0, 10);
      await this.run(RECORD, [appId, accountId, now, JSON.stringify(results), templateKey, day, templateId]);
    }
  }

  async #accessToken(): Promise<string> {
    const { platformAppId, platformSecret } = this.settings;
    const body = { grant_type: 'client_credential', appid: platformAppId, secret: platformSecret };
    const { access_token: token } = await postJson(this.#pool, '/cgi-bin/stable_token', body);
    if (typeof token !== 'string') throw new Error('the platform gives no access token');
    return token;
  }
}
