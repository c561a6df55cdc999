import { problem } from '../common/problems.js';
import type { PlatformCode } from '../platforms/platform.js';
import type { AccountDescription, AccountKind } from './account-kind.js';

export type Credentials = Readonly<Record<string, string>>;
export type CredentialChanges = Readonly<Record<string, string | null>>;

/** The schema of an account, and what to call it when something does not fit. */
interface Checked {
  readonly kind: AccountKind;
  readonly platform: PlatformCode;
  readonly description: AccountDescription;
}

/** Checks credentials against the platform's own schema. Throws `validation_failed` naming fields, never values. */
export function parseCredentials({ kind, platform, description }: Checked, credentials: Credentials): Credentials {
  const parsed = description.credentials.safeParse(credentials);
  if (parsed.success) return parsed.data as Credentials;
  const errors = parsed.error.issues.map(({ path, message }) => ({
    path: ['credentials', ...path].join('.'),
    message,
  }));
  throw problem('validation_failed', `These are not credentials of ${kind.called} on ${platform}.`, { errors });
}

/** Checks the platform's own id of an account. Throws `validation_failed`. */
export function parseOwnId({ kind, platform, description }: Checked, id: string): void {
  const parsed = description.ownId.safeParse(id);
  if (parsed.success) return;
  const errors = [{ path: kind.ownId, message: parsed.error.issues[0]?.message ?? 'has a bad form' }];
  throw problem('validation_failed', `This is not an id of ${kind.called} on ${platform}.`, { errors });
}

/** Fields that are left out keep their value; null takes one away. */
export const mergeCredentials = (kept: Credentials, changes: CredentialChanges): Credentials =>
  Object.fromEntries(
    Object.entries({ ...kept, ...changes }).filter((entry): entry is [string, string] => entry[1] !== null),
  );
