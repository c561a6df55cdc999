import { problem } from '../common/problems.js';
import type { PlatformDescription } from '../platforms/platform.js';

export type Credentials = Readonly<Record<string, string>>;

/** Checks credentials against the platform's own schema. Throws `validation_failed` naming fields, never values. */
export function parseCredentials(platform: PlatformDescription, credentials: Credentials): Credentials {
  const parsed = platform.credentials.safeParse(credentials);
  if (parsed.success) return parsed.data as Credentials;
  const errors = parsed.error.issues.map(({ path, message }) => ({
    path: ['credentials', ...path].join('.'),
    message,
  }));
  throw problem('validation_failed', `These are not credentials of ${platform.code}.`, { errors });
}

export function parsePlatformAppId(platform: PlatformDescription, id: string): void {
  const parsed = platform.platformAppId.safeParse(id);
  if (parsed.success) return;
  const errors = [{ path: 'platformAppId', message: parsed.error.issues[0]?.message ?? 'has a bad form' }];
  throw problem('validation_failed', `This is not an id of a mini-program on ${platform.code}.`, { errors });
}
