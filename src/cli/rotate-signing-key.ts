import { SystemClock } from '../common/clock.js';
import { SigningKeys } from '../tenancy/signing-keys.js';
import { withInstallation } from './installation.js';

export const rotateSigningKey = (): Promise<void> =>
  withInstallation(async ({ database, sealer }) => {
    const kid = await new SigningKeys(database, sealer, new SystemClock()).rotate();
    process.stdout.write(`Key ${kid} is published now and signs ten minutes from now.\n`);
  });
