import type { CallSubject } from './platform.js';

/** What goes over the wire: a call that a platform gets (`in`), or a callback that it sends (`out`). */
export interface Passing {
  readonly direction: Direction;
  readonly platform: string;
  readonly path: string;
  /** Not worked out until somebody asks. */
  describe(): CallSubject;
}

export const DIRECTIONS = ['in', 'out'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** Which calls are meant; what is left out does not matter. */
export interface CallMatch {
  readonly platform?: string | undefined;
  readonly direction?: Direction | undefined;
  /** A path, with or without its last slash, or an operation. */
  readonly path?: string | undefined;
  readonly operation?: string | undefined;
  readonly platformAppId?: string | undefined;
  readonly merchantId?: string | undefined;
}

export function matches(match: CallMatch, passing: Passing): boolean {
  if (match.platform && match.platform !== passing.platform) return false;
  if (match.direction && match.direction !== passing.direction) return false;
  const isOnPath = !match.path || withoutSlash(match.path) === withoutSlash(passing.path);
  if (isOnPath && !match.operation && !match.platformAppId && !match.merchantId) return true;
  const { platformAppId, merchantId, operation } = passing.describe();
  return (
    (isOnPath || match.path === operation) &&
    (!match.operation || match.operation === operation) &&
    (!match.platformAppId || match.platformAppId === platformAppId) &&
    (!match.merchantId || match.merchantId === merchantId)
  );
}

const withoutSlash = (path: string): string => path.replace(/\/$/, '');
