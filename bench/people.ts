import { drive, type Exchange, type Script } from './load.js';
import type { Side } from './stand.js';

/** What a login gives to both sides' clients. */
export interface LoggedIn {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly user: { readonly id: string };
  readonly identity: { readonly openid: string };
}

export interface Person {
  readonly name: string;
  /** Each person has an address of their own, so that the limits per address do not meet. */
  readonly address: string;
}

let addresses = 0;

export function newPeople(count: number): Person[] {
  return Array.from({ length: count }, () => {
    const number = ++addresses;
    return { name: `person-${number}`, address: `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}` };
  });
}

/** What `wx.login` (`tt.login` …) gives on each person's phone, gathered before anything is measured. */
export async function codesOf(
  sandboxUrl: string,
  side: Pick<Side, 'platformAppId'>,
  people: readonly Person[],
  platform = 'wechat',
): Promise<string[]> {
  const codes: string[] = [];
  const { platformAppId } = side;
  const ask = eachOnce(people, ({ name: user }, index): Exchange => ({
    method: 'POST',
    path: '/_/login',
    headers: {},
    body: JSON.stringify({ platform, platformAppId, user }),
    read: (body) => (codes[index] = (JSON.parse(body) as { code: string }).code),
  }));
  await drive(sandboxUrl, 32, people.length, ask);
  return codes;
}

/** The login of a person with a code, as a mini-program's client sends it through a proxy. */
export const login = (
  { appId }: Pick<Side, 'appId'>,
  { address }: Person,
  code: string,
  platform = 'wechat',
): Exchange => ({
  method: 'POST',
  path: '/v1/auth/login',
  headers: { 'content-type': 'application/json', 'x-app-id': appId, 'x-forwarded-for': address, 'user-agent': AGENT },
  body: JSON.stringify({ platform, code }),
});

export const AGENT = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) MicroMessenger/8.0.50 MiniProgramEnv';

/** Logs everybody in once, unmeasured. Gives their tokens, in the order of `people`. */
export async function logIn(
  sandboxUrl: string,
  side: Pick<Side, 'url' | 'appId' | 'platformAppId'>,
  people: readonly Person[],
  platform = 'wechat',
): Promise<LoggedIn[]> {
  const codes = await codesOf(sandboxUrl, side, people, platform);
  const tokens: LoggedIn[] = [];
  const enter = eachOnce(people, (person, index) => ({
    ...login(side, person, codes[index]!, platform),
    read: (body) => (tokens[index] = JSON.parse(body) as LoggedIn),
  }));
  await drive(side.url, 32, people.length, enter);
  return tokens;
}

/** A script that gives each thing its turn, whatever the connection; for as many requests as there are things. */
export function eachOnce<Thing>(
  things: readonly Thing[],
  toExchange: (thing: Thing, index: number) => Exchange,
): Script {
  let next = 0;
  return () => {
    const index = next++;
    return toExchange(things[index]!, index);
  };
}
