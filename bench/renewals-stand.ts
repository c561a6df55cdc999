import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { drive, once } from './load.js';
import { eachOnce, logIn, newPeople, type Person } from './people.js';
import type { Side, Stand } from './stand.js';

/** Our side with people who pay each week on one platform, by contracts that they have signed in the sandbox. */
export interface Renewing {
  readonly side: Side;
  readonly sandboxUrl: string;
  readonly platformAppId: string;
  readonly merchantId: string;
  /** How many subscriptions are renewed. */
  readonly subscribers: number;
  /** One more, which is never due: it wakes the lane. */
  readonly alarmId: string;
  /** Wakes the lane of the app, as an API call that changes a subscription does. */
  readonly wake: () => Promise<unknown>;
}

interface Started {
  readonly subscription: { readonly id: string };
  readonly clientAction: object;
}

/** A debit is one call that carries no signature, and one callback that does: what the other platforms need is more. */
export const PLATFORM = 'douyin';
const CONNECTIONS = 16;
const PATIENCE_MS = 60_000;

/** People, subscriptions and contracts as an app gets them: by logins, API calls and the platform's page. */
export async function openRenewingStand({ ours, sandboxUrl }: Stand, subscribers: number): Promise<Renewing> {
  const [accounts] = await ours.rows<{ platformAppId: string; merchantId: string }>(
    `select p.platform_app_id as "platformAppId", m.merchant_id as "merchantId"
     from platform_accounts p join merchant_accounts m on m.app_id = p.app_id and m.platform = p.platform
     where p.app_id = $1 and p.platform = $2`,
    [ours.appId, PLATFORM],
  );
  const { platformAppId, merchantId } = accounts!;
  const side = { ...ours, platformAppId };
  const priceId = await priceOf(side);
  const people = newPeople(subscribers + 1);
  const entered = await logIn(sandboxUrl, side, people, PLATFORM);
  const users = entered.map(({ user }) => user.id);
  const started = await subscribe(side, users, priceId);
  await sign(sandboxUrl, people, started);
  await settled(side, subscribers + 1);
  const { id } = started.at(-1)!.subscription;
  const wake = await alarmOf(side, id);
  return { side, sandboxUrl, platformAppId, merchantId, subscribers, alarmId: id, wake };
}

/** 9.90 yuan a week, for what a product usually gives: a switch, a number and something that is counted. */
async function priceOf(side: Side): Promise<string> {
  const features = { pro: true, seats: 5, exports: { limit: 100 } };
  const product = await post<{ id: string }>(side, '/v1/products', { name: 'Membership', features });
  const price = { productId: product.id, amount: 990, recurring: { interval: 'week' } };
  const platforms = { [PLATFORM]: { serviceId: 'service_weekly' } };
  return (await post<{ id: string }>(side, '/v1/prices', { ...price, platforms })).id;
}

async function subscribe(side: Side, users: readonly string[], priceId: string): Promise<Started[]> {
  const started: Started[] = [];
  const script = eachOnce(users, (userId, index) => ({
    ...posting(side, '/v1/subscriptions', { userId, priceId, platform: PLATFORM }),
    read: (body) => (started[index] = JSON.parse(body) as Started),
  }));
  await drive(side.url, CONNECTIONS, users.length, script);
  return started;
}

/** On their phones; the first period is paid with it. */
async function sign(sandboxUrl: string, people: readonly Person[], started: readonly Started[]): Promise<void> {
  const script = eachOnce(started, ({ clientAction }, index) => ({
    method: 'POST',
    path: '/_/cashier',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ clientAction, user: people[index]!.name, outcome: 'pay' }),
  }));
  await drive(sandboxUrl, CONNECTIONS, started.length, script);
}

/** Resolves when the callbacks about so many have been taken in. */
async function settled({ rows, appId }: Side, wanted: number): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const [found] = await rows<{ active: number }>(
      `select count(*)::int as active from subscriptions s
       join mandates m on m.app_id = s.app_id and m.id = s.mandate_id and m.status = 'active'
       where s.app_id = $1 and s.status = 'active'`,
      [appId],
    );
    if (found!.active === wanted) return;
    if (performance.now() > end) throw new Error(`of ${wanted} subscriptions ${found!.active} have begun`);
    await sleep(100);
  }
}

/** A subscription that is canceled and resumed in turns is never due. */
async function alarmOf(side: Side, id: string): Promise<() => Promise<unknown>> {
  const turn = (what: 'cancel' | 'resume') => post(side, `/v1/subscriptions/${id}/${what}`, {});
  await turn('cancel');
  let next: 'cancel' | 'resume' = 'resume';
  return async () => {
    await turn(next);
    next = next === 'cancel' ? 'resume' : 'cancel';
  };
}

const posting = ({ secretKey }: Side, path: string, body: object) =>
  ({
    method: 'POST',
    path,
    headers: {
      authorization: `Bearer ${secretKey}`,
      'content-type': 'application/json',
      'idempotency-key': randomUUID(),
    },
    body: JSON.stringify(body),
  }) as const;

const post = <Answer>(side: Side, path: string, body: object): Promise<Answer> =>
  once<Answer>(side.url, posting(side, path, body));
