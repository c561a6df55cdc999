import { once } from './load.js';
import { codesOf, login, newPeople, type LoggedIn } from './people.js';
import type { Side, Stand } from './stand.js';

/** Throws unless both sides answer every measured route in the same shape: else they would not do the same work. */
export async function checkAlike({ ours, bare, sandboxUrl }: Stand): Promise<void> {
  const [mine, theirs] = [await answersOf(ours, sandboxUrl), await answersOf(bare, sandboxUrl)];
  for (const [route, answer] of Object.entries(mine)) {
    const [a, b] = [shapeOf(answer), shapeOf(theirs[route])];
    if (a !== b) throw new Error(`the sides answer ${route} differently:\n  ours ${a}\n  bare ${b}`);
  }
}

async function answersOf(side: Side, sandboxUrl: string): Promise<Record<string, unknown>> {
  const [person] = newPeople(1);
  const [code] = await codesOf(sandboxUrl, side, [person!]);
  const entered = await once<LoggedIn>(side.url, login(side, person!, code!));
  const authorization = `Bearer ${entered.accessToken}`;
  const body = JSON.stringify({ refreshToken: entered.refreshToken });
  const json = { 'content-type': 'application/json' };
  return {
    login: entered,
    me: await once(side.url, { method: 'GET', path: '/v1/me', headers: { authorization } }),
    refresh: await once(side.url, { method: 'POST', path: '/v1/auth/refresh', headers: json, body }),
  };
}

/** Names and types, e.g. `{"accessToken":"string","user":{"id":"string"}}`. */
function shapeOf(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (part === null) return 'null';
    if (typeof part !== 'object') return typeof part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => a.localeCompare(b)));
  });
}
