import { z } from 'zod';
import type { LoginPlatform, PlatformDescription } from './platform.js';
import { Platforms } from './registry.js';

const described = (code: PlatformDescription['code']): PlatformDescription => ({
  code,
  platformAppId: z.string(),
  credentials: z.strictObject({}),
  secretFields: [],
});
const withLogin: LoginPlatform = { ...described('wechat'), exchange: async () => ({ openid: 'o' }) };

test('gives a platform by its code and its capability', () => {
  const platforms = new Platforms([withLogin, described('douyin')]);
  expect(platforms.get('douyin').code).toBe('douyin');
  expect(platforms.login('wechat')).toBe(withLogin);
});

test('two platforms with one code fail at start', () => {
  expect(() => new Platforms([withLogin, described('wechat')])).toThrow('same code');
});

test('what a platform cannot do, or a platform that is not there, is a 422 that says so', () => {
  const platforms = new Platforms([withLogin]);
  const missing = expect.objectContaining({ status: 422, code: 'platform_capability_missing' }) as Error;
  expect(() => platforms.phone('wechat')).toThrow(missing);
  expect(() => platforms.profile('wechat')).toThrow(missing);
  expect(() => platforms.verifiable('wechat')).toThrow(missing);
  expect(() => platforms.login('alipay')).toThrow(missing);
});

test('the matrix shows who can do what', () => {
  expect(new Platforms([withLogin, described('douyin')]).capabilities()).toEqual([
    {
      platform: 'wechat',
      capabilities: {
        login: true,
        phone: false,
        profile: false,
        verify: false,
        pay: false,
        message: false,
        recurring: false,
      },
    },
    {
      platform: 'douyin',
      capabilities: {
        login: false,
        phone: false,
        profile: false,
        verify: false,
        pay: false,
        message: false,
        recurring: false,
      },
    },
  ]);
});
