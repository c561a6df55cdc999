import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Run, Statement } from './database.js';
import { Refusal } from './http.js';

const FORM = /^mb_test_([0-9a-f]{32})_[A-Za-z0-9_-]{43}$/;
const FIND: Statement = {
  name: 'secret_key',
  text: 'select id from api_keys where app_id = $1 and hash = $2 and revoked_at is null',
};

export interface Caller {
  readonly appId: string;
  readonly keyId: string;
}

/** Whose secret key a request bears; asked of the database once, then known. Throws 401. */
export function secretKeys(run: Run) {
  const known = new Map<string, Caller>();
  return async ({ headers }: IncomingMessage): Promise<Caller> => {
    const [scheme, secret] = headers.authorization?.split(' ') ?? [];
    if (scheme?.toLowerCase() !== 'bearer' || !secret) throw new Refusal(401, 'unauthenticated');
    const hash = createHash('sha256').update(secret).digest();
    const name = hash.toString('base64');
    const caller = known.get(name) ?? (await load(run, secret, hash));
    known.set(name, caller);
    return caller;
  };
}

async function load(run: Run, secret: string, hash: Buffer): Promise<Caller> {
  const [, app] = FORM.exec(secret) ?? [];
  const appId = `app_${app}`;
  const [key] = app === undefined ? [] : await run<{ id: string }>(FIND, [appId, hash]);
  if (!key) throw new Refusal(401, 'unauthenticated');
  return { appId, keyId: key.id };
}
