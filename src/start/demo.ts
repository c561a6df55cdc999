import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/config.js';
import { PLATFORM_CODES, type PlatformCode } from '../platforms/platform.js';
import { writePrivately } from './secrets.js';

/** What a newcomer needs to try everything at once: `DATA_DIR/demo.json`. */
export interface Demo {
  readonly apiUrl: string;
  readonly sandboxUrl: string;
  readonly operatorToken: string;
  readonly appId: string;
  readonly secretKey: string;
  /** The demo app's mini-program on each platform. */
  readonly platformAppIds: Readonly<Record<PlatformCode, string>>;
  /** What its users can pay: 1.00 yuan, once. */
  readonly priceId: string;
  /** What they can subscribe to: 19.00 yuan a month. */
  readonly subscriptionPriceId: string;
  /** Key of the message template that tells of an order. */
  readonly template: string;
  /** Its id on each platform: what the mini-program asks its user for. */
  readonly templateIds: Readonly<Partial<Record<PlatformCode, string>>>;
}

/**
 * Finds the demo app or makes it, as anybody would: through the API. Also tells the sandbox about its accounts again,
 * should that have forgotten them.
 */
export async function prepareDemo(config: Config, apiUrl: string, sandboxUrl: string): Promise<Demo> {
  const file = join(config.dataDir, 'demo.json');
  const operatorToken = config.operatorTokens[0]!;
  const known = await readFile(file, 'utf8').then((text) => JSON.parse(text) as Demo, () => undefined); // prettier-ignore
  if (known && (await works(apiUrl, known))) {
    // An earlier version made demos without a message template.
    const messages = known.template === undefined ? await stockTemplate(apiUrl, sandboxUrl, known) : {};
    // Or one that could not tell what to subscribe to.
    const subscriptionPriceId = known.subscriptionPriceId ?? (await stockMembership(apiUrl, known.secretKey));
    const demo = { ...known, ...messages, subscriptionPriceId, apiUrl, sandboxUrl, operatorToken };
    await writePrivately(file, demo);
    return demo;
  }
  const demo = await makeDemo(apiUrl, sandboxUrl, operatorToken);
  await writePrivately(file, demo);
  return demo;
}

async function makeDemo(apiUrl: string, sandboxUrl: string, operatorToken: string): Promise<Demo> {
  const app = await call<{ id: string }>(apiUrl, operatorToken, '/v1/apps', { name: 'Demo', mode: 'test' });
  const { secret } = await call<{ secret: string }>(apiUrl, operatorToken, `/v1/apps/${app.id}/keys`, { name: 'demo' });
  const platformAppIds: Partial<Record<PlatformCode, string>> = {};
  for (const platform of PLATFORM_CODES) {
    const account = { platform, name: `Demo on ${platform}` };
    const program = await call<{ platformAppId: string }>(apiUrl, secret, '/v1/platform-accounts', account);
    platformAppIds[platform] = program.platformAppId;
    await call(apiUrl, secret, '/v1/merchant-accounts', account);
  }
  const priceId = await stockShop(apiUrl, secret);
  const subscriptionPriceId = await stockMembership(apiUrl, secret);
  const made = { secretKey: secret, platformAppIds: platformAppIds as Record<PlatformCode, string> };
  const messages = await stockTemplate(apiUrl, sandboxUrl, made);
  return { apiUrl, sandboxUrl, operatorToken, appId: app.id, ...made, priceId, subscriptionPriceId, ...messages };
}

/** Something to buy; gives the id of its price. */
const stockShop = (apiUrl: string, secretKey: string): Promise<string> =>
  stock(apiUrl, secretKey, { name: 'Coffee' }, { amount: 100, maxQuantity: 10 });

/** Something to subscribe to: what each platform wants to know of it is the sandbox's stock. Gives the id of its price. */
const stockMembership = (apiUrl: string, secretKey: string): Promise<string> =>
  stock(
    apiUrl,
    secretKey,
    { name: 'Membership', features: { pro: true, exports: { limit: 100 } } },
    { amount: 1900, recurring: { interval: 'month' } },
  );

async function stock(apiUrl: string, secretKey: string, product: object, price: object): Promise<string> {
  const { id: productId } = await call<{ id: string }>(apiUrl, secretKey, '/v1/products', product);
  const body = { productId, audience: 'public', ...price };
  return (await call<{ id: string }>(apiUrl, secretKey, '/v1/prices', body)).id;
}

/** What the console of a platform shows of a template; see `POST /_/accounts` of the sandbox. */
interface ShownTemplate {
  readonly templateId: string;
  readonly kind: 'one_time' | 'long_term';
  readonly fields: readonly { readonly name: string; readonly label: string; readonly example: string }[];
}

/** What the demo's template is called, and which fields of the platforms' templates its variables go to. */
const TEMPLATE = 'order.paid';
const VARIABLES = [
  { name: 'item', type: 'text', example: 'Coffee', label: /商品|项目/ },
  { name: 'total', type: 'amount', example: 100, label: /金额/ },
  { name: 'at', type: 'datetime', example: '2026-11-20T15:01:00+08:00', label: /时间/ },
];

/** A message template, mapped to the most fitting of those that each of the demo's mini-programs has. */
async function stockTemplate(
  apiUrl: string,
  sandboxUrl: string,
  { secretKey, platformAppIds }: Pick<Demo, 'secretKey' | 'platformAppIds'>,
): Promise<Pick<Demo, 'template' | 'templateIds'>> {
  const platforms: Partial<Record<PlatformCode, object>> = {};
  const templateIds: Partial<Record<PlatformCode, string>> = {};
  for (const platform of PLATFORM_CODES) {
    const account = { platform, kind: 'program', platformAppId: platformAppIds[platform] };
    const { templates = [] } = await call<{ templates?: ShownTemplate[] }>(sandboxUrl, '', '/_/accounts', account);
    const [best] = templates.filter(({ kind }) => kind === 'one_time').sort((a, b) => fitness(b) - fitness(a));
    if (!best) continue;
    const fields = best.fields.map(({ name, label, example }) => [name, textFor(label) ?? example]);
    platforms[platform] = { templateId: best.templateId, fields: Object.fromEntries(fields) as object, page: 'pages/index' }; // prettier-ignore
    templateIds[platform] = best.templateId;
  }
  // A start that was cut short may have made it already.
  const path = `/v1/message-templates/${TEMPLATE}`;
  const { ok } = await fetch(apiUrl + path, { headers: { authorization: `Bearer ${secretKey}` } });
  if (ok) return { template: TEMPLATE, templateIds };
  const variables = VARIABLES.map(({ name, type, example }) => ({ name, type, example }));
  await call(apiUrl, secretKey, '/v1/message-templates', { key: TEMPLATE, name: 'Order paid', variables, platforms });
  return { template: TEMPLATE, templateIds };
}

const textFor = (label: string): string | undefined => {
  const variable = VARIABLES.find((one) => one.label.test(label));
  return variable && `{{${variable.name}}}`;
};

/** How many of the variables a template has a field for. */
const fitness = ({ fields }: ShownTemplate): number =>
  new Set(fields.flatMap(({ label }) => textFor(label) ?? [])).size;

/** Whether the demo of an earlier start is still there, in the database and in the sandbox. */
async function works(apiUrl: string, { secretKey, priceId }: Demo): Promise<boolean> {
  const headers = { authorization: `Bearer ${secretKey}` };
  // An earlier version made demos without a price.
  if (priceId === undefined || !(await fetch(`${apiUrl}/v1/prices/${priceId}`, { headers })).ok) return false;
  for (const path of ['/v1/platform-accounts', '/v1/merchant-accounts']) {
    const answer = await fetch(apiUrl + path, { headers });
    if (!answer.ok) return false;
    const { data } = (await answer.json()) as { data: { id: string }[] };
    if (data.length < PLATFORM_CODES.length) return false;
    // An empty change of credentials registers the account in the sandbox again, as it is.
    for (const { id } of data) await call(apiUrl, secretKey, `${path}/${id}`, { credentials: {} }, 'PATCH');
  }
  return true;
}

async function call<T>(apiUrl: string, token: string, path: string, body: object, method = 'POST'): Promise<T> {
  const answer = await fetch(apiUrl + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`the demo app could not be made: ${method} ${path} answered ${await answer.text()}`);
  return (await answer.json()) as T;
}
