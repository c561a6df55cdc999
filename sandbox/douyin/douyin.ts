import { type Action, action, type Call, expireSchema, type Platform, type World } from '../core/platform.js';
import { randomHex } from '../core/random.js';
import { SessionKeys } from '../core/session-keys.js';
import { failure, type Family } from './answers.js';
import { AppTokens, fieldsOf } from './app-tokens.js';
import { CodeSession } from './code-session.js';
import { type DouyinCredentials, issueCredentials, showCredentials } from './credentials.js';
import { PhoneNumbers } from './phone.js';
import { profileAction } from './profile.js';

/** developer.toutiao.com and open.douyin.com, as far as logging in goes. */
export function douyin(world: World): Platform<DouyinCredentials> {
  const accounts = world.accounts<DouyinCredentials>('douyin');
  const sessionKeys = new SessionKeys(world.table('douyin.sessions'));
  const tokens = new AppTokens(world);
  const codeSession = new CodeSession(world, sessionKeys);
  const phoneNumbers = new PhoneNumbers(world, tokens, sessionKeys);

  const expire: Action = action(expireSchema, ({ platformAppId, what, user }) => {
    accounts.require(platformAppId);
    if (what === 'token') tokens.expire(platformAppId);
    else sessionKeys.end(platformAppId, user);
    return {};
  });

  return {
    code: 'douyin',
    newPlatformAppId: () => `tt${randomHex(16)}`,
    issueCredentials,
    showCredentials,
    routes: [...codeSession.routes, ...tokens.routes, ...phoneNumbers.routes],
    describe: (call) => {
      const { appid, client_key: clientKey } = fieldsOf(call);
      return { platformAppId: appid ?? clientKey ?? tokens.ownerOf(call) };
    },
    busy: (call) => (familyOf(call) === 'toutiao' ? failure('toutiao', -1) : failure(familyOf(call), 28001005)),
    refuse: (call, code) => failure(familyOf(call), Number(code)),
    errorCode: /^-?\d{1,10}$/,
    actions: {
      login: codeSession.login,
      phone: phoneNumbers.tap,
      profile: profileAction(world, sessionKeys),
      expire,
    },
  };
}

function familyOf({ path }: Call): Family {
  if (path.startsWith('/oauth/')) return 'oauth';
  return path.startsWith('/api/apps/v2/') ? 'toutiao' : 'open';
}
