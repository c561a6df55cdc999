import { z } from 'zod';
import { type Action, action, type World } from '../core/platform.js';
import type { WechatCredentials } from './credentials.js';
import type { MessagePushes } from './message-pushes.js';
import { openidOf } from './people.js';

const pushSchema = z
  .strictObject({
    platform: z.string(),
    platformAppId: z.string().min(1),
    check: z.literal(true).optional(),
    user: z.string().min(1).max(128).optional(),
    /** As WeChat would push it: `{"MsgType": "text", "Content": "hello", "MsgId": "1"}`. */
    message: z.looseObject({ MsgType: z.string().min(1) }).optional(),
  })
  .refine(({ check, user, message }) => (check ? !message : user && message), 'say check, or user and message');

/** `POST /_/push`: the check of the push URL, as when it is typed into the console; or anything that a person causes. */
export const pushAction = (world: World, pushes: MessagePushes): Action =>
  action(pushSchema, ({ platformAppId, user, message }) => {
    const account = world.accounts<WechatCredentials>('wechat').require(platformAppId);
    if (!message || user === undefined) return pushes.check(account);
    pushes.message(account, openidOf(platformAppId, user), message);
    return {};
  });
