import { alipay } from './alipay/alipay.js';
import type { PlatformFactory } from './core/platform.js';
import { douyin } from './douyin/douyin.js';
import { wechat } from './wechat/wechat.js';

/** Every platform that the sandbox plays. */
export const PLATFORMS: readonly PlatformFactory[] = [wechat, alipay, douyin];
