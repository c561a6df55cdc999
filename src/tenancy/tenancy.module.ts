import { Global, Module } from '@nestjs/common';
import { AccountSecrets } from './account-secrets.js';
import { ApiKeys } from './api-keys.service.js';
import { AppsController } from './apps.controller.js';
import { Apps } from './apps.service.js';
import { Audit } from './audit.js';
import { Idempotency } from './idempotency.js';
import { IdempotencyRetention } from './idempotency-retention.js';
import { PlatformAccountsController } from './platform-accounts.controller.js';
import { PlatformAccounts } from './platform-accounts.service.js';
import { RateLimits } from './rate-limits.js';
import { SandboxConsole } from './sandbox-console.js';
import { ServerKeys } from './server-keys.js';
import { SigningKeys } from './signing-keys.js';

const services = [ApiKeys, Apps, Audit, Idempotency, PlatformAccounts, RateLimits, ServerKeys, SigningKeys];

@Global()
@Module({
  controllers: [AppsController, PlatformAccountsController],
  providers: [...services, AccountSecrets, IdempotencyRetention, SandboxConsole],
  exports: services,
})
export class TenancyModule {}
