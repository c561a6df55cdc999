import { SigningKeys } from '../tenancy/signing-keys.js';
import { withInstallation } from './installation.js';

export const rotateSigningKey = (): Promise<void> =>
  withInstallation(async ({ database, sealer }) => {
    const kid = await new SigningKeys(database, sealer).rotate();
    process.stdout.write(`Key ${kid} is published now and signs ten minutes from now.\n`);
  });
