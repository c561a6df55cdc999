import { z } from 'zod';
import { PageQuery, pageOf } from '../common/pagination.js';
import { code, IdentityView, loginCodes, platform, platformAppId } from './auth.schemas.js';

const nickname = z.string().trim().min(1).max(100).nullable();
const avatarUrl = z
  .url({ protocol: /^https?$/ })
  .max(1_000)
  .nullable();
const metadata = z
  .record(z.string().min(1).max(40), z.string().max(500))
  .refine((entries) => Object.keys(entries).length <= 50, 'at most 50 entries')
  .meta({ description: 'Whatever the developer wants to keep with the user. Replaces what was there.' });

export const UpdateMe = z.strictObject({ nickname, avatarUrl }).partial().meta({ id: 'UpdateMe' });
export type UpdateMe = z.infer<typeof UpdateMe>;

export const UpdateUser = z.strictObject({ nickname, avatarUrl, metadata }).partial().meta({ id: 'UpdateUser' });
export type UpdateUser = z.infer<typeof UpdateUser>;

export const UserView = z
  .object({
    id: z.string(),
    status: z.enum(['active', 'erased']),
    nickname: z.string().nullable(),
    avatarUrl: z.string().nullable(),
    phone: z.string().nullable().meta({ description: 'E.164, verified by a platform.' }),
    metadata: z.record(z.string(), z.string()),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'User' });
export type UserView = z.infer<typeof UserView>;
export const UserPage = pageOf(UserView).meta({ id: 'UserPage' });

export const UserQuery = PageQuery.extend({
  phone: z
    .string()
    .regex(/^\+\d{5,20}$/)
    .optional()
    .meta({ description: 'E.164 with the leading plus (as `%2B` in a URL).' }),
});
export type UserQuery = z.infer<typeof UserQuery>;

export const MergeUser = z.strictObject({ into: z.string().max(64) }).meta({ id: 'MergeUser' });
export type MergeUser = z.infer<typeof MergeUser>;

const encrypted = {
  encryptedData: z.string().min(1).max(20_000),
  iv: z.string().min(1).max(100).optional(),
};

export const SetPhone = z
  .strictObject({
    platform,
    platformAppId,
    code: code.optional(),
    encryptedData: encrypted.encryptedData.optional(),
    iv: encrypted.iv,
  })
  .refine((body) => (body.code === undefined) !== (body.encryptedData === undefined), {
    path: ['code'],
    message: 'send either the code of the phone button, or encryptedData (and iv where the platform gives one)',
  })
  .meta({ id: 'SetPhone' });
export type SetPhone = z.infer<typeof SetPhone>;

export const SetProfile = z
  .strictObject({
    platform,
    platformAppId,
    rawData: z.string().min(1).max(10_000),
    signature: z.string().min(1).max(100),
    encryptedData: encrypted.encryptedData.optional(),
    iv: encrypted.iv,
  })
  .meta({ id: 'SetProfile' });
export type SetProfile = z.infer<typeof SetProfile>;

export const LinkIdentity = z
  .strictObject({ platform: loginCodes.platform, platformAppId, code })
  .meta({ id: 'LinkIdentity' });
export type LinkIdentity = z.infer<typeof LinkIdentity>;
export const IdentityPage = pageOf(IdentityView).meta({ id: 'IdentityPage' });

export const SessionView = z
  .object({
    id: z.string(),
    identityId: z.string(),
    current: z.boolean(),
    ip: z.string().nullable(),
    userAgent: z.string().nullable(),
    createdAt: z.iso.datetime(),
    refreshedAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: 'Session' });
export type SessionView = z.infer<typeof SessionView>;
export const SessionPage = pageOf(SessionView).meta({ id: 'SessionPage' });

const ExportedIdentity = IdentityView.extend({
  alternateOpenid: z.string().nullable().meta({ description: 'Alipay: the user id from before the move to open ids.' }),
  anonymousOpenid: z.string().nullable().meta({ description: 'Douyin: the visitor that this person was before.' }),
  createdAt: z.iso.datetime(),
  lastLoginAt: z.iso.datetime(),
}).meta({ id: 'ExportedIdentity' });
export type ExportedIdentity = z.infer<typeof ExportedIdentity>;

const ExportedSession = SessionView.extend({
  revokedAt: z.iso.datetime().nullable(),
  revokedReason: z.string().nullable(),
}).meta({ id: 'ExportedSession' });
export type ExportedSession = z.infer<typeof ExportedSession>;

/** Everything that is kept about a person; each domain adds its part. */
export const UserExport = z
  .object({
    exportedAt: z.iso.datetime(),
    user: UserView,
    identities: z.array(ExportedIdentity),
    sessions: z.array(ExportedSession),
  })
  .catchall(z.unknown())
  .meta({ id: 'UserExport' });
export type UserExport = z.infer<typeof UserExport>;
