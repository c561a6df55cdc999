import { Injectable } from '@nestjs/common';
import { problem } from '../common/problems.js';
import { Apps } from '../tenancy/apps.service.js';
import { UserAuthenticator } from '../tenancy/authentication.guard.js';
import type { UserCaller } from '../tenancy/caller.js';
import { AccessTokens } from './access-tokens.js';
import { Sessions } from './sessions.js';

/** Knows users by their access token, and only while the session behind it lives. */
@Injectable()
export class SessionAuthenticator extends UserAuthenticator {
  constructor(
    private readonly tokens: AccessTokens,
    private readonly sessions: Sessions,
    private readonly apps: Apps,
  ) {
    super();
  }

  override async authenticate(accessToken: string): Promise<UserCaller> {
    const { appId, sessionId } = await this.tokens.verify(accessToken);
    // The session's user, not the token's: after a merge the token still names the old one.
    const holder = await this.sessions.holder(appId, sessionId);
    if (!holder) throw problem('session_revoked', 'This session has ended. Log in again.');
    return { kind: 'user', app: await this.apps.record(appId), sessionId, ...holder };
  }
}
