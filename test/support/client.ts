import { randomInt } from 'node:crypto';
import type { PlatformCode } from '../../src/platforms/platform.js';
import type { Minibase } from './minibase.js';

export interface Answer<T = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

export interface Ask {
  readonly token?: string | undefined;
  readonly appId?: string;
  readonly body?: unknown;
  readonly key?: string;
  readonly ip?: string;
  readonly headers?: Record<string, string>;
}

/** One request to an API, answered as parsed JSON (`{}` for an empty answer). */
export async function ask<T = Record<string, unknown>>(
  url: string,
  method: string,
  path: string,
  over: Ask = {},
): Promise<Answer<T>> {
  const { token, appId, body, key, ip, headers } = over;
  const answer = await fetch(url + path, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(appId === undefined ? {} : { 'x-app-id': appId }),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
      // Each caller has an address of its own, so that the limits per address do not meet.
      'x-forwarded-for': ip ?? `10.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}`,
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: (text ? JSON.parse(text) : {}) as T };
}

/** Like `ask`, and fails unless the answer is a success. */
export async function must<T = Record<string, unknown>>(
  url: string,
  method: string,
  path: string,
  over: Ask = {},
): Promise<T> {
  const answer = await ask<T>(url, method, path, over);
  if (answer.status >= 400)
    throw new Error(`${method} ${path} answered ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

export interface TestApp {
  readonly appId: string;
  readonly secretKey: string;
  /** The mini-program of each platform. */
  readonly programs: Readonly<Record<PlatformCode, { id: string; platformAppId: string }>>;
}

/** A test app with a secret key and, unless told otherwise, one mini-program on each platform. */
export async function anApp(
  minibase: Minibase,
  platforms: readonly PlatformCode[] = ['wechat', 'alipay', 'douyin'],
): Promise<TestApp> {
  const token = minibase.operatorToken;
  const app = await must<{ id: string }>(minibase.url, 'POST', '/v1/apps', {
    token,
    body: { name: 'Shop', mode: 'test' },
  });
  const key = await must<{ secret: string }>(minibase.url, 'POST', `/v1/apps/${app.id}/keys`, {
    token,
    body: { name: 'server' },
  });
  const programs = {} as Record<PlatformCode, { id: string; platformAppId: string }>;
  for (const platform of platforms) programs[platform] = await aProgram(minibase, key.secret, platform);
  return { appId: app.id, secretKey: key.secret, programs };
}

/** Another mini-program of an app. */
export const aProgram = (minibase: Minibase, secretKey: string, platform: PlatformCode, credentials?: object) =>
  must<{ id: string; platformAppId: string }>(minibase.url, 'POST', '/v1/platform-accounts', {
    token: secretKey,
    body: { platform, ...(credentials ? { credentials } : {}) },
  });

/** Another merchant of an app. */
export const aMerchant = (minibase: Minibase, secretKey: string, platform: PlatformCode, over: object = {}) =>
  must<{ id: string; merchantId: string }>(minibase.url, 'POST', '/v1/merchant-accounts', {
    token: secretKey,
    body: { platform, ...over },
  });

/** A price of a new product; public, 19.90 yuan and paid once unless told otherwise. */
export async function aPrice(
  minibase: Minibase,
  { secretKey: token }: Pick<TestApp, 'secretKey'>,
  over: object = {},
): Promise<{ id: string; productId: string; amount: number; maxQuantity: number }> {
  const { id: productId } = await must<{ id: string }>(minibase.url, 'POST', '/v1/products', {
    token,
    body: { name: 'Coffee' },
  });
  const body = { productId, amount: 1990, audience: 'public', maxQuantity: 10, ...over };
  return must(minibase.url, 'POST', '/v1/prices', { token, body });
}

export interface TestShop extends TestApp {
  /** The only merchant on each platform. */
  readonly merchants: Readonly<Record<PlatformCode, { id: string; merchantId: string }>>;
  /** What its users can pay: public, 19.90 yuan, up to ten at once. */
  readonly price: { readonly id: string; readonly productId: string; readonly amount: number };
}

/** A test app that can be paid: a mini-program and a merchant on each platform, and a price. */
export async function aShop(minibase: Minibase, platforms?: readonly PlatformCode[]): Promise<TestShop> {
  const app = await anApp(minibase, platforms);
  const merchants = {} as Record<PlatformCode, { id: string; merchantId: string }>;
  for (const platform of Object.keys(app.programs) as PlatformCode[])
    merchants[platform] = await aMerchant(minibase, app.secretKey, platform);
  return { ...app, merchants, price: await aPrice(minibase, app) };
}

/** What the sandbox's own surface answers. */
export const sandbox = <T = Record<string, unknown>>(minibase: Minibase, action: string, body: object): Promise<T> =>
  must<T>(minibase.sandboxUrl, 'POST', `/_/${action}`, { body });

/** A login code of a person, as the platform's client gives it. */
export const aCode = async (minibase: Minibase, app: TestApp, user: string, platform: PlatformCode = 'wechat') =>
  (
    await sandbox<{ code: string }>(minibase, 'login', {
      platform,
      platformAppId: app.programs[platform].platformAppId,
      user,
    })
  ).code;

export interface LoggedIn {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresIn: number;
  readonly user: { id: string; isNew: boolean; nickname: string | null };
  readonly identity: { id: string; platform: string; openid: string; unionid?: string; anonymous: boolean };
}

/** A person who has logged in. */
export async function aLogin(
  minibase: Minibase,
  app: TestApp,
  user = 'ming',
  platform: PlatformCode = 'wechat',
): Promise<LoggedIn> {
  const code = await aCode(minibase, app, user, platform);
  return must<LoggedIn>(minibase.url, 'POST', '/v1/auth/login', { appId: app.appId, body: { platform, code } });
}

/** The new tokens for a refresh token, or the problem that it met. */
export const refresh = (minibase: Minibase, refreshToken: string, over: Ask = {}) =>
  ask<Pick<LoggedIn, 'accessToken' | 'refreshToken' | 'expiresIn'> & { code?: string }>(
    minibase.url,
    'POST',
    '/v1/auth/refresh',
    { body: { refreshToken }, ...over },
  );

/** One request of a user; the answer with the problem's code in sight. */
export const asUser = <T = Record<string, unknown>>(
  minibase: Minibase,
  { accessToken }: Pick<LoggedIn, 'accessToken'>,
  method: string,
  path: string,
  over: Ask = {},
) => ask<T & { code?: string }>(minibase.url, method, path, { token: accessToken, ...over });

/** One request of the developer's server. */
export const asServer = <T = Record<string, unknown>>(
  minibase: Minibase,
  { secretKey }: Pick<TestApp, 'secretKey'>,
  method: string,
  path: string,
  over: Ask = {},
) => ask<T & { code?: string }>(minibase.url, method, path, { token: secretKey, ...over });

/** What the phone button of a platform's client hands over, as `POST /v1/me/phone` takes it. */
export async function aPhoneProof(
  minibase: Minibase,
  app: TestApp,
  user: string,
  platform: PlatformCode,
  over: { form?: 'code' | 'encrypted'; phone?: string; watermark?: object } = {},
): Promise<Record<string, string>> {
  const { platformAppId } = app.programs[platform];
  const { form = 'code', ...rest } = over;
  const tapped = await sandbox<Record<string, string>>(minibase, 'phone', {
    platform,
    platformAppId,
    user,
    // Alipay has one form only, and its client calls it `response`.
    ...(platform === 'alipay' ? {} : { form }),
    ...rest,
  });
  const { response, ...proof } = tapped;
  return { platform, ...proof, ...(response === undefined ? {} : { encryptedData: response }) };
}

/** Whether the platform tells the unionid of a mini-program's people: false until it is bound to an open platform account. */
export const bindUnionid = (minibase: Minibase, platform: PlatformCode, platformAppId: string, unionid: boolean) =>
  sandbox(minibase, 'accounts', { platform, kind: 'program', platformAppId, unionid });
