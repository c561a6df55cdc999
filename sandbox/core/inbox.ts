import { z } from 'zod';
import { type Account, keyOf } from './accounts.js';
import type { Row, Table } from './store.js';

/** How many messages are kept, all platforms together; the oldest are forgotten first. */
const MOST_KEPT = 200_000;

/** One message as a person sees it on the phone. */
export interface InboxMessage {
  readonly user: string;
  readonly openid: string;
  readonly templateId: string;
  readonly title: string;
  /** By the platform's own name of the field. */
  readonly data: Readonly<Record<string, string>>;
  readonly page: string | null;
}

/** As it is kept: texts only, so that a hundred thousand take little room. */
interface Kept extends Row {
  readonly account: string;
  readonly user: string;
  readonly openid: string;
  readonly templateId: string;
  readonly title: string;
  /** JSON. */
  readonly data: string;
  readonly page: string | null;
  /** Protocol time in ms. */
  readonly at: number;
}

export const messageFilterSchema = z.strictObject({
  user: z.string().optional(),
  platform: z.string().optional(),
  platformAppId: z.string().optional(),
  templateId: z.string().optional(),
  /** Only messages before the one with this id. */
  before: z.coerce.number().int().optional(),
  limit: z.coerce.number().int().min(1).max(10_000).default(100),
});
type MessageFilter = z.output<typeof messageFilterSchema>;

/** The messages that people have received: durable, the newest 200,000. */
export class Inbox {
  /** Ids of each person's messages, in order; a forgotten one may still be among the first. */
  readonly #byUser = new Map<string, number[]>();
  /** How many are kept of each account: a test that waits for a broadcast asks often. */
  readonly #counts = new Map<string, number>();
  #oldest = 1;
  #last = 0;

  constructor(
    private readonly now: () => number,
    private readonly table: Table<Kept>,
    private readonly most = MOST_KEPT,
  ) {
    for (const [key, kept] of table.entries()) {
      const id = Number(key);
      if (this.#last === 0) this.#oldest = id;
      this.#last = id;
      this.#index(kept, id);
    }
  }

  /** The message reaches the person's phone. */
  deliver(account: Account, { user, openid, templateId, title, data, page }: InboxMessage): void {
    const id = ++this.#last;
    const at = this.now();
    const kept = { account: keyOf(account), user, openid, templateId, title, data: JSON.stringify(data), page, at };
    this.table.set(String(id), kept);
    this.#index(kept, id);
    while (this.table.size > this.most) this.#forgetOldest();
  }

  /** The newest `limit` that fit, the oldest of them first; `total` is how many are kept that fit. */
  find({ user, before = Infinity, limit, ...filter }: MessageFilter): { total: number; messages: object[] } {
    const fits = fitting(filter);
    const found: object[] = [];
    const counted = user === undefined && filter.templateId === undefined ? this.#count(filter) : undefined;
    let total = 0;
    for (const id of user === undefined ? this.#downwards() : (this.#byUser.get(user) ?? []).toReversed()) {
      const message = this.table.get(String(id));
      if (!message || !fits(message)) continue;
      total += 1;
      if (id < before && found.length < limit) found.push(view(id, message));
      if (counted !== undefined && found.length === limit) break;
    }
    return { total: counted ?? total, messages: found.reverse() };
  }

  /** To be called after the store forgot everything. */
  forgetAll(): void {
    this.#byUser.clear();
    this.#counts.clear();
    this.#oldest = this.#last + 1;
  }

  *#downwards(): Generator<number> {
    for (let id = this.#last; id >= this.#oldest; id -= 1) yield id;
  }

  #count(filter: AccountFilter): number {
    let count = 0;
    for (const [account, one] of this.#counts) if (isOf(filter, account)) count += one;
    return count;
  }

  #index({ user, account }: Kept, id: number): void {
    this.#counts.set(account, (this.#counts.get(account) ?? 0) + 1);
    const ids = this.#byUser.get(user);
    if (ids) ids.push(id);
    else this.#byUser.set(user, [id]);
  }

  #forgetOldest(): void {
    const id = this.#oldest++;
    const key = String(id);
    const message = this.table.get(key);
    if (!message) return;
    const { user, account } = message;
    this.table.delete(key);
    this.#counts.set(account, (this.#counts.get(account) ?? 0) - 1);
    const left = this.#byUser.get(user)?.filter((one) => one > id) ?? [];
    if (left.length > 0) this.#byUser.set(user, left);
    else this.#byUser.delete(user);
  }
}

type AccountFilter = Pick<MessageFilter, 'platform' | 'platformAppId'>;

const isOf = ({ platform, platformAppId }: AccountFilter, account: string): boolean =>
  (platform === undefined || account.startsWith(`${platform}/`)) &&
  (platformAppId === undefined || account.endsWith(`/${platformAppId}`));

const fitting =
  ({ templateId, ...filter }: AccountFilter & Pick<MessageFilter, 'templateId'>) =>
  (message: Kept): boolean =>
    isOf(filter, message.account) && (templateId === undefined || message.templateId === templateId);

function view(id: number, { account, data, at, ...message }: Kept): object {
  const [platform, , platformAppId] = account.split('/');
  const { user, openid, templateId, title, page } = message;
  return {
    ...{ id, platform, platformAppId, user, openid, templateId, title },
    data: JSON.parse(data) as unknown,
    page,
    at: new Date(at).toISOString(),
  };
}
