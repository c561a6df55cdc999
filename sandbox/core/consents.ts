import { z } from 'zod';
import { type Account, keyOf } from './accounts.js';
import type { Row, Table } from './store.js';

/** `one_time`: each acceptance is one send. `long_term`: any number, until it is taken back. */
export type TemplateKind = 'one_time' | 'long_term';

/** What a platform knows of one person and one template. */
export interface Consent extends Row {
  readonly account: string;
  readonly user: string;
  readonly openid: string;
  readonly templateId: string;
  /** Sends that are left of a one-time template. */
  readonly left: number;
  /** Of a long-term template. */
  readonly subscribed: boolean;
  /** The answer that the person ticked to be kept: no dialog is shown any more. */
  readonly kept?: string;
}

/** Whose consent to which template. */
export interface ConsentKey {
  readonly openid: string;
  readonly templateId: string;
}

export const consentFilterSchema = z.strictObject({
  platform: z.string().optional(),
  platformAppId: z.string().optional(),
  user: z.string().optional(),
  templateId: z.string().optional(),
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(10_000).default(1_000),
});
type ConsentFilter = z.output<typeof consentFilterSchema>;

/** How many messages people still let through, as the platforms count: durable. */
export class Consents {
  constructor(private readonly table: Table<Consent>) {}

  get(account: Account, key: ConsentKey): Consent | undefined {
    return this.table.get(idOf(account, key));
  }

  /** The person accepts: one send more, or any number. `keep`: the answer counts for later dialogs too. */
  accept(account: Account, person: ConsentKey & { user: string }, kind: TemplateKind, keep?: string): void {
    const consent = this.#of(account, person);
    const granted = kind === 'one_time' ? { left: consent.left + 1 } : { subscribed: true };
    this.#set(account, { ...consent, ...granted, ...(keep !== undefined && { kept: keep }) });
  }

  /** The person refuses in the dialog: what was accepted before stays, except for a long-term subscription. */
  reject(account: Account, person: ConsentKey & { user: string }, keep?: string): void {
    const consent = this.#of(account, person);
    this.#set(account, { ...consent, subscribed: false, ...(keep !== undefined && { kept: keep }) });
  }

  /** The person switches the template off: nothing is left. */
  switchOff(account: Account, person: ConsentKey & { user: string }): void {
    const { account: key, user, openid, templateId } = this.#of(account, person);
    this.#set(account, { account: key, user, openid, templateId, left: 0, subscribed: false });
  }

  /** Takes one send; false: the person does not want it. */
  take(account: Account, key: ConsentKey, kind: TemplateKind): boolean {
    const consent = this.get(account, key);
    if (!consent) return false;
    if (kind === 'long_term') return consent.subscribed;
    if (consent.left <= 0) return false;
    this.#set(account, { ...consent, left: consent.left - 1 });
    return true;
  }

  /** `limit` of those that fit, in the order in which they first came; `total` is how many fit. */
  find({ offset, limit, ...filter }: ConsentFilter): { total: number; consents: object[] } {
    const found: object[] = [];
    let total = 0;
    for (const [, consent] of this.table.entries()) {
      if (!fits(filter, consent)) continue;
      if (total >= offset && found.length < limit) found.push(view(consent));
      total += 1;
    }
    return { total, consents: found };
  }

  #of(account: Account, { user, openid, templateId }: ConsentKey & { user: string }): Consent {
    return (
      this.get(account, { openid, templateId }) ?? {
        account: keyOf(account),
        ...{ user, openid, templateId },
        left: 0,
        subscribed: false,
      }
    );
  }

  #set(account: Account, consent: Consent): void {
    this.table.set(idOf(account, consent), consent);
  }
}

const idOf = (account: Account, { openid, templateId }: ConsentKey): string =>
  `${keyOf(account)}/${openid}/${templateId}`;

const fits = (
  { platform, platformAppId, user, templateId }: Omit<ConsentFilter, 'limit' | 'offset'>,
  consent: Consent,
): boolean =>
  (platform === undefined || consent.account.startsWith(`${platform}/`)) &&
  (platformAppId === undefined || consent.account.endsWith(`/${platformAppId}`)) &&
  (user === undefined || consent.user === user) &&
  (templateId === undefined || consent.templateId === templateId);

function view({ account, user, openid, templateId, left, subscribed, kept }: Consent): object {
  const [platform, , platformAppId] = account.split('/');
  return {
    ...{ platform, platformAppId, user, openid, templateId, left, subscribed },
    ...(kept !== undefined && { kept }),
  };
}
