import type { Exchange, Script } from './load.js';
import { callbacks, creating, forgetChecks, newPayers } from './payments.js';
import { AGENT, codesOf, eachOnce, logIn, login, newPeople, type LoggedIn, type Person } from './people.js';
import type { Side } from './stand.js';

/** A path of the design's table: what is sent, and below which part of bare's speed the work is not finished. */
export interface Path {
  readonly name: string;
  readonly title: string;
  readonly gate: number;
  /** Milliseconds: where the 99th percentile of our answers must stay below that. */
  readonly slowest?: number;
  /** Requests under way at a time, unless the command line says otherwise; 32 when left out. */
  readonly connections?: number;
  /** Makes what the path starts from on one side. Gives what prepares the next `requests` requests. */
  prepare(side: Side, plan: Plan): Promise<(requests: number) => Promise<Script>>;
}

export interface Plan {
  readonly sandboxUrl: string;
  readonly connections: number;
}

/** Enough that none of them comes near WeChat's 100 exchanges a minute or our 300 calls in ten seconds. */
const RETURNING = 6_000;
const SESSIONS = 2_000;
const PAYERS = 2_000;

const returning: Path = {
  name: 'login-returning',
  title: 'login, returning user',
  gate: 0.6,
  async prepare(side, { sandboxUrl }) {
    const people = newPeople(RETURNING);
    await logIn(sandboxUrl, side, people);
    let next = 0;
    return (requests) => {
      const who = Array.from({ length: requests }, () => people[next++ % RETURNING]!);
      return logins(sandboxUrl, side, who);
    };
  },
};

const fresh: Path = {
  name: 'login-new',
  title: 'login, new user',
  gate: 0.6,
  async prepare(side, { sandboxUrl }) {
    return (requests) => logins(sandboxUrl, side, newPeople(requests));
  },
};

async function logins(sandboxUrl: string, side: Side, people: readonly Person[]): Promise<Script> {
  const codes = await codesOf(sandboxUrl, side, people);
  return eachOnce(people, (person, index) => login(side, person, codes[index]!));
}

const refresh: Path = {
  name: 'refresh',
  title: 'token refresh with rotation',
  gate: 0.6,
  async prepare(side, { sandboxUrl, connections }) {
    const tokens = (await logIn(sandboxUrl, side, newPeople(SESSIONS))).map(({ refreshToken }) => refreshToken);
    // A connection has sessions of its own: two rotations of one session at a time would be a reuse.
    const turns = new Int32Array(connections);
    const own = Math.floor(SESSIONS / connections);
    return async () => (connection) => {
      const index = connection * own + (turns[connection]!++ % own);
      return refreshing(tokens[index]!, (next) => (tokens[index] = next));
    };
  },
};

const refreshing = (refreshToken: string, keep: (next: string) => void): Exchange => ({
  method: 'POST',
  path: '/v1/auth/refresh',
  headers: { 'content-type': 'application/json', 'user-agent': AGENT },
  body: JSON.stringify({ refreshToken }),
  read: (body) => keep((JSON.parse(body) as LoggedIn).refreshToken),
});

const session: Path = {
  name: 'session',
  title: 'session check (GET /v1/me)',
  gate: 0.6,
  async prepare(side, { sandboxUrl }) {
    const tokens = await logIn(sandboxUrl, side, newPeople(SESSIONS));
    let next = 0;
    return async () => () => checking(tokens[next++ % SESSIONS]!);
  },
};

const checking = ({ accessToken }: LoggedIn): Exchange => ({
  method: 'GET',
  path: '/v1/me',
  headers: { authorization: `Bearer ${accessToken}`, 'user-agent': AGENT },
});

const create: Path = {
  name: 'payment-create',
  title: 'create payment + WeChat attempt',
  gate: 0.65,
  async prepare(side, { sandboxUrl }) {
    const payers = await newPayers(sandboxUrl, side, PAYERS);
    let next = 0;
    return async () => {
      await forgetChecks(side);
      return () => creating(side, payers[next++ % PAYERS]!);
    };
  },
};

const callback: Path = {
  name: 'callback',
  title: 'callback intake (WeChat Pay)',
  gate: 0.6,
  slowest: 50,
  connections: 64,
  async prepare(side, { sandboxUrl }) {
    const payers = await newPayers(sandboxUrl, side, PAYERS);
    return (requests) => callbacks(side, payers, requests);
  },
};

/** What can be asked for on the command line. */
export const BENCHES: Readonly<Record<string, readonly Path[]>> = {
  login: [returning, fresh],
  refresh: [refresh],
  session: [session],
  payments: [create],
  callbacks: [callback],
};
