import { z } from 'zod';
import { encryptData, signRawData, watermarkOf, watermarkSchema } from '../core/client-data.js';
import { type Action, action, personSchema, type World } from '../core/platform.js';
import { requireSession, type SessionKeys } from '../core/session-keys.js';
import type { WechatCredentials } from './credentials.js';
import { openidOf, unionidOf } from './people.js';

const schema = personSchema.extend({ nickname: z.string().optional(), watermark: watermarkSchema });

/** `wx.getUserInfo({ withCredentials: true })`. */
export const profileAction = (world: World, sessionKeys: SessionKeys): Action => {
  const accounts = world.accounts<WechatCredentials>('wechat');
  return action(schema, ({ platformAppId, user, nickname, watermark }) => {
    const account = accounts.require(platformAppId);
    const openid = openidOf(platformAppId, user);
    const { sessionKey } = requireSession(sessionKeys, platformAppId, openid);
    const userInfo = {
      nickName: nickname ?? user,
      gender: 0,
      language: 'zh_CN',
      city: '',
      province: '',
      country: '',
      avatarUrl: `https://thirdwx.qlogo.cn/mmopen/vi_32/${openid}/132`,
    };
    const unionId = unionidOf(account, user);
    const secret = { openId: openid, ...userInfo, ...(unionId && { unionId }) };
    const plain = JSON.stringify({ ...secret, watermark: watermarkOf(platformAppId, world.now(), watermark) });
    const rawData = JSON.stringify(userInfo);
    return { rawData, signature: signRawData(rawData, sessionKey), ...encryptData(plain, sessionKey) };
  });
};
