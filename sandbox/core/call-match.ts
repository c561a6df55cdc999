import type { Call, Platform } from './platform.js';

/** Which calls are meant; what is left out does not matter. */
export interface CallMatch {
  readonly platform?: string | undefined;
  /** A path, with or without its last slash, or an operation. */
  readonly path?: string | undefined;
  readonly platformAppId?: string | undefined;
}

export function matches(match: CallMatch, platform: Platform, call: Call): boolean {
  if (match.platform && match.platform !== platform.code) return false;
  const isOnPath = !match.path || withoutSlash(match.path) === withoutSlash(call.path);
  if (isOnPath && !match.platformAppId) return true;
  const { platformAppId, operation } = platform.describe(call);
  return (isOnPath || match.path === operation) && (!match.platformAppId || match.platformAppId === platformAppId);
}

const withoutSlash = (path: string): string => path.replace(/\/$/, '');
