import { randomBytes } from 'node:crypto';
import { SandboxError } from './errors.js';
import type { Row, Table } from './store.js';

/** What a platform remembers of a person in one mini-program since the last login. */
export interface Session extends Row {
  readonly platformAppId: string;
  readonly user: string;
  /** Base64 text of 16 bytes. */
  readonly sessionKey: string;
}

/** The session keys of one platform: a person has one at a time in each mini-program. */
export class SessionKeys {
  constructor(private readonly table: Table<Session>) {}

  get(platformAppId: string, openid: string): Session | undefined {
    return this.table.get(keyOf(platformAppId, openid));
  }

  /** A new key; the one before is dead from now on. */
  renew(platformAppId: string, openid: string, user: string): Session {
    const session = { platformAppId, user, sessionKey: randomBytes(16).toString('base64') };
    this.table.set(keyOf(platformAppId, openid), session);
    return session;
  }

  /**
   * Ends the keys of one person, or of everybody in a mini-program. A dead key is one that the platform has replaced
   * without telling: what the client encrypts from now on, no key that was handed out can read.
   */
  end(platformAppId: string, user?: string): void {
    for (const [key, session] of this.table.entries()) {
      if (session.platformAppId !== platformAppId || (user !== undefined && session.user !== user)) continue;
      this.renew(platformAppId, key.slice(platformAppId.length + 1), session.user);
    }
  }
}

const keyOf = (platformAppId: string, openid: string): string => `${platformAppId}/${openid}`;

/** For what a client can only do after a login. */
export function requireSession(sessionKeys: SessionKeys, platformAppId: string, openid: string): Session {
  const session = sessionKeys.get(platformAppId, openid);
  if (!session) throw new SandboxError(409, 'not_logged_in', 'this person has not logged in: POST /_/login first');
  return session;
}
