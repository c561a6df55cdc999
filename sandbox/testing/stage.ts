import { z } from 'zod';
import type { AnyAccount, MerchantAccount } from '../core/accounts.js';
import type { Row } from '../core/store.js';
import {
  type Action,
  action,
  type CallbackSender,
  cashierSchema,
  json,
  type Platform,
  type PlatformFactory,
  refundSchema,
  type World,
} from '../core/platform.js';

/** Seconds of business time after each failure. */
export const SCHEDULE = [15, 30, 600];

/** What the platform did, and when in business time. */
interface Note extends Row {
  readonly text: string;
  readonly at: number;
}

interface Credentials {
  readonly key: string;
}

const noteSchema = z.strictObject({ merchantId: z.string(), key: z.string(), text: z.string(), at: z.number() });
const cancelSchema = z.strictObject({ merchantId: z.string(), key: z.string() });
const callSchema = z.strictObject({ merchantId: z.string(), url: z.string(), text: z.string() });

/** A platform of a few lines, to see what the core does for all of them. */
export const stage: PlatformFactory = (world) => new Stage(world).platform();

class Stage {
  readonly #merchants;
  readonly #notes;

  constructor(private readonly world: World) {
    this.#merchants = world.merchants<Credentials>('stage');
    this.#notes = world.table<Note>('stage.notes');
  }

  platform(): Platform<Credentials> {
    const post = (path: string, run: Action) => ({
      methods: ['POST'] as const,
      path,
      handle: async (call: { body: Buffer }) => json(await run(JSON.parse(call.body.toString()))),
    });
    return {
      code: 'stage',
      newPlatformAppId: () => 'app',
      issueCredentials: () => ({ key: 'of a program' }),
      showCredentials: (credentials) => credentials,
      merchants: {
        newMerchantId: () => '1900000001',
        issueCredentials: (given, previous: Credentials | undefined, merchantId) => ({
          key: z.strictObject({ key: z.string().optional() }).parse(given).key ?? previous?.key ?? `of ${merchantId}`,
        }),
        showCredentials: ({ key }: Credentials) => ({ key, shown: true }),
      },
      callbacks: this.#sender(),
      timers: {
        note: ({ text }: { text: string }, account: MerchantAccount) => this.#write(text, account),
        again: ({ left }: { left: number }, account: MerchantAccount) => {
          this.#write(`again ${left}`, account);
          if (left > 1) this.world.at(account, again(this.world.businessNow(account) + 60_000, left - 1));
        },
        fail: () => {
          throw new Error('this one fails');
        },
      },
      routes: [
        post(
          '/stage/note',
          action(noteSchema, ({ merchantId, key, text, at }) => this.#plan(merchantId, key, text, at)),
        ),
        post(
          '/stage/cancel',
          action(cancelSchema, ({ merchantId, key }) => this.#cancel(merchantId, key)),
        ),
        post(
          '/stage/call',
          action(callSchema, ({ merchantId, url, text }) => this.#call(merchantId, url, text)),
        ),
        {
          methods: ['GET'],
          path: '/stage/notes',
          handle: () => json({ notes: [...this.#notes.entries()].map(([, note]) => note) }),
        },
      ],
      describe: ({ body }) => ({
        merchantId: /"merchantId":"(\w+)"/.exec(body.toString())?.[1],
        operation: 'stage.call',
      }),
      busy: () => json({ busy: true }),
      refuse: (_call, code) => json({ code }),
      errorCode: /^[A-Z]+$/,
      actions: {
        cashier: action(cashierSchema, ({ outcome, user }) => ({ outcome, user })),
        refund: action(refundSchema, ({ number, by }) => ({ number, by })),
      },
    };
  }

  #plan(merchantId: string, key: string, text: string, at: number): object {
    const merchant = this.#merchants.require(merchantId);
    if (text === 'again') this.world.at(merchant, again(at, 3));
    else this.world.at(merchant, { key, name: text === 'fail' ? 'fail' : 'note', at, data: { text } });
    return { siblings: this.#merchants.ofEntity(merchant.entity).map((one) => one.merchantId) };
  }

  #cancel(merchantId: string, key: string): object {
    this.world.cancel(this.#merchants.require(merchantId), key);
    return {};
  }

  #call(merchantId: string, url: string, text: string): object {
    this.world.call(this.#merchants.require(merchantId), { url, data: { text, amount: 100 }, operation: 'STAGE.NEWS' });
    return {};
  }

  #write(text: string, account: AnyAccount): void {
    this.#notes.set(text, { text, at: this.world.businessNow(account) });
  }

  #sender(): CallbackSender {
    let built = 0;
    return {
      schedule: SCHEDULE.map((seconds) => seconds * 1_000),
      timeout: 2_000,
      build: (account: AnyAccount, { data }, tamper) => {
        const { key } = account.credentials as Credentials;
        const { text, amount } = data as { text: string; amount: number };
        built += 1;
        return {
          headers: { 'content-type': 'application/json', 'x-built': String(built) },
          body: JSON.stringify({
            text,
            amount: tamper === 'wrong_amount' ? amount + 1 : amount,
            signature: tamper === 'forge' ? 'forged' : tamper === 'wrong_signature' ? 'broken' : key,
          }),
        };
      },
      accepts: (status) => status === 200,
      onAccepted: (account, { data }, body) => {
        if (body) this.#write(`${(data as { text: string }).text}: ${body}`, account);
      },
    };
  }
}

const again = (at: number, left: number) => ({ key: 'again', name: 'again', at, data: { left } });
