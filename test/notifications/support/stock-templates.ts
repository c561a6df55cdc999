import type { PlatformCode } from '../../../src/platforms/platform.js';
import { sandbox } from '../../support/client.js';
import type { Minibase } from '../../support/minibase.js';

/** A template that a mini-program has at its platform, as the platform's console shows it. */
export interface StockTemplate {
  readonly templateId: string;
  readonly title: string;
  readonly kind: 'one_time' | 'long_term';
  readonly fields: readonly { readonly name: string; readonly label: string; readonly example: string }[];
}

/** The templates that every mini-program of the sandbox has from the start. */
export async function stockTemplates(
  minibase: Pick<Minibase, 'sandboxUrl'>,
  platform: PlatformCode,
  platformAppId: string,
): Promise<readonly StockTemplate[]> {
  const body = { platform, kind: 'program', platformAppId };
  const { templates } = await sandbox<{ templates: StockTemplate[] }>(minibase as Minibase, 'accounts', body);
  return templates;
}
