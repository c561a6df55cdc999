import { z } from 'zod';
import { encryptData, signRawData, watermarkOf, watermarkSchema } from '../core/client-data.js';
import { type Action, action, personSchema, type World } from '../core/platform.js';
import { requireSession, type SessionKeys } from '../core/session-keys.js';
import type { DouyinCredentials } from './credentials.js';
import { openidOf, unionidOf } from './people.js';

const schema = personSchema.extend({ nickname: z.string().max(64).optional(), watermark: watermarkSchema });

/** `tt.getUserProfile`, with credentials. */
export const profileAction = (world: World, sessionKeys: SessionKeys): Action => {
  const accounts = world.accounts<DouyinCredentials>('douyin');
  return action(schema, ({ platformAppId, user, nickname, watermark }) => {
    const account = accounts.require(platformAppId);
    const openid = openidOf(platformAppId, user);
    const { sessionKey } = requireSession(sessionKeys, platformAppId, openid);
    const userInfo = {
      nickName: nickname ?? user,
      avatarUrl: `https://p3.douyinpic.com/aweme/100x100/${openid}.jpeg`,
      gender: 0,
      city: '',
      province: '',
      country: '',
      language: 'zh_CN',
    };
    const unionId = unionidOf(account, user);
    const secret = { ...userInfo, openId: openid, ...(unionId && { unionId }) };
    const plain = JSON.stringify({ ...secret, watermark: watermarkOf(platformAppId, world.now(), watermark) });
    const rawData = JSON.stringify(userInfo);
    return { rawData, signature: signRawData(rawData, sessionKey), ...encryptData(plain, sessionKey) };
  });
};
