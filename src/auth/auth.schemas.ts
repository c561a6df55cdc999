import { z } from 'zod';
import { PLATFORM_CODES } from '../platforms/platform.js';

export const platform = z.enum(PLATFORM_CODES);
export const platformAppId = z.string().min(1).max(64).optional().meta({
  description: 'Which mini-program, when the app has several on the platform.',
});
export const code = z.string().min(1).max(512);

/** The codes of a client's login call; at least one. */
export const loginCodes = {
  platform,
  platformAppId,
  code: code.optional().meta({ description: 'What `wx.login`, `my.getAuthCode` or `tt.login` gave.' }),
  anonymousCode: code.optional().meta({ description: 'Douyin: `anonymousCode` of `tt.login`.' }),
};
const needsCode = (body: { code?: string | undefined; anonymousCode?: string | undefined }) =>
  body.code !== undefined || body.anonymousCode !== undefined;

export const Login = z
  .strictObject(loginCodes)
  .refine(needsCode, { path: ['code'], message: 'send the code of the client login' })
  .meta({ id: 'Login' });
export type Login = z.infer<typeof Login>;

export const IdentityView = z
  .object({
    id: z.string(),
    platform,
    platformAppId: z.string(),
    openid: z.string(),
    unionid: z.string().optional(),
    anonymous: z.boolean().meta({ description: 'Douyin: a visitor who has not logged in there yet.' }),
  })
  .meta({ id: 'Identity' });
export type IdentityView = z.infer<typeof IdentityView>;

export const LoginResult = z
  .object({
    accessToken: z.string(),
    expiresIn: z.int().meta({ description: 'Seconds until the access token ends.' }),
    refreshToken: z.string(),
    user: z.object({
      id: z.string(),
      isNew: z.boolean(),
      nickname: z.string().nullable(),
      avatarUrl: z.string().nullable(),
    }),
    identity: IdentityView,
  })
  .meta({ id: 'LoginResult' });
export type LoginResult = z.infer<typeof LoginResult>;

export const Refresh = z.strictObject({ refreshToken: z.string().max(200) }).meta({ id: 'Refresh' });
export type Refresh = z.infer<typeof Refresh>;

export const Tokens = z
  .object({ accessToken: z.string(), expiresIn: z.int(), refreshToken: z.string() })
  .meta({ id: 'Tokens' });
export type Tokens = z.infer<typeof Tokens>;
