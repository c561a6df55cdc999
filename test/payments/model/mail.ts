import { randomUUID } from 'node:crypto';
import { ask } from '../../support/client.js';
import type { PlatformCode } from '../../../src/platforms/platform.js';
import type { Command } from './commands.js';
import type { Letter, ModelShop } from './shop.js';
import { Broken, insist } from './stage.js';

/** The sandbox's log shows no more of a body. */
const WHOLE = 4_096;
/** WeChat's signatures are believed for five minutes; a letter near that may be too old when it arrives. */
const FRESH_MS = 270_000;
/** How many letters are looked for at once. */
const BATCH = 200;

interface SentCall {
  readonly id: number;
  readonly at: string;
  readonly platform: PlatformCode;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly status?: number;
  readonly fault?: string;
}

const FALSE = ['forge', 'wrong_signature', 'wrong_amount'];

/** Collects what platforms have genuinely sent to this shop. */
async function collect(shop: ModelShop): Promise<void> {
  const { stage, lastCall } = shop;
  const url = `${stage.sandboxUrl}`;
  const path = `/_/calls?direction=out&after=${lastCall}&limit=${BATCH}`;
  const { body } = await insist(stage, () => ask<{ calls: SentCall[] }>(url, 'GET', path));
  const addresses = Object.values({ ...shop.merchants, ...shop.programs }).map(({ id }) => id);
  const own = [...addresses, ...Object.values(shop.programs).map(({ id }) => id)];
  for (const { id, at, platform, path: to, headers, body: text = '', status, fault } of body.calls) {
    shop.lastCall = Math.max(shop.lastCall, id);
    const isGenuine = status === 200 && !FALSE.includes(fault ?? '') && text.length < WHOLE;
    if (!isGenuine || !headers || !own.some((account) => to.includes(account))) continue;
    shop.letters.add({ path: to, headers, body: text, platform, sentAt: Date.parse(at) });
  }
}

let turn = 0;
async function post(shop: ModelShop, { path, headers, body }: Letter): Promise<number> {
  const { urls, falters } = shop.stage;
  try {
    const { host: _, 'content-length': __, connection: ___, ...kept } = headers;
    const answer = await fetch(urls[turn++ % urls.length]! + path, { method: 'POST', headers: kept, body });
    await answer.arrayBuffer();
    return answer.status;
  } catch (error) {
    if (falters) return 0;
    throw error;
  }
}

const isFresh = (shop: ModelShop, { sentAt }: Letter): boolean => shop.stage.now() - sentAt < FRESH_MS;

async function letterAt(shop: ModelShop, at: number): Promise<Letter | undefined> {
  if (Math.floor(at * 1_000) % 4 === 0 || !shop.letters.pick(at)) await collect(shop);
  return shop.letters.pick(at);
}

/** An old callback comes again, perhaps several times at once: it is acknowledged. */
export async function replay(shop: ModelShop, { at, times }: Extract<Command, { does: 'replay' }>): Promise<string> {
  const letter = await letterAt(shop, at);
  if (!letter) return 'no letter yet';
  const answers = await Promise.all(Array.from({ length: times }, () => post(shop, letter)));
  // Alipay's word of a refund does not say how much: it is asked, and if it does not tell, the letter is to come again.
  const mayWait = letter.platform === 'alipay' && /(^|&)(refund_fee|out_biz_no)=/.test(letter.body);
  const isFine = (status: number) =>
    status === 200 || (mayWait && status === 500) || (letter.platform === 'wechat' && !isFresh(shop, letter)) || (shop.stage.falters && (status === 0 || status >= 500)); // prettier-ignore
  if (!answers.every(isFine)) {
    throw new Broken(`a genuine callback of ${letter.platform} was answered ${answers.join(' ')}: ${letter.body}`);
  }
  return `${letter.platform} ${answers.join(' ')}`;
}

/** Somebody changes a callback, or sends it to another account: it is refused. */
export async function forge(shop: ModelShop, { at, how }: Extract<Command, { does: 'forge' }>): Promise<string> {
  const letter = await letterAt(shop, at);
  if (!letter) return 'no letter yet';
  const status = await post(shop, forgery(letter, how));
  const isFine = status === 401 || (shop.stage.falters && (status === 0 || status >= 500));
  if (!isFine)
    throw new Broken(`a forged callback (${how}) of ${letter.platform} was answered ${status}: ${letter.body}`);
  return `${letter.platform} ${how} ${status}`;
}

function forgery(letter: Letter, how: 'body' | 'signature' | 'account'): Letter {
  const { path, headers, body } = letter;
  if (how === 'account')
    return { ...letter, path: path.replace(/_[0-9a-f]{32}/, `_${randomUUID().replaceAll('-', '')}`) };
  if (how === 'body' || letter.platform === 'alipay') {
    // The last digit becomes another one: of an amount, an id, a time or the cipher text.
    const place = [...body.matchAll(/\d/g)].at(Math.floor(body.length / 7) % 11)?.index ?? 0;
    const digit = (Number(body[place]) + 1) % 10;
    return { ...letter, body: body.slice(0, place) + digit + body.slice(place + 1) };
  }
  const name = Object.keys(headers).find((header) => /signature$/i.test(header))!;
  const [first = '', ...rest] = headers[name] ?? '';
  return { ...letter, headers: { ...headers, [name]: (first === 'A' ? 'B' : 'A') + rest.join('') } };
}
