import type { PlatformCode } from '../platforms/platform.js';

/** The accounts of the books. A transfer debits one and credits another by the same amount, so they always balance. */
export const SALES = 'sales';
export const REFUNDS = 'refunds';
/** Money that came although nobody wanted it, until it is given back. */
export const UNEXPECTED = 'unexpected';

/** What a platform holds for the app under one merchant account. */
export const clearing = (platform: PlatformCode, merchantAccountId: string): string =>
  `clearing:${platform}:${merchantAccountId}`;
