import { Global, Module } from '@nestjs/common';
import { AccountConsole } from './account-console.js';
import { AccountSecrets } from './account-secrets.js';
import { AccountTools } from './accounts.service.js';
import { ApiKeys } from './api-keys.service.js';
import { AppsController } from './apps.controller.js';
import { Apps } from './apps.service.js';
import { Audit } from './audit.js';
import { BusinessTime } from './business-time.js';
import { DueTimes } from './due-times.js';
import { Idempotency } from './idempotency.js';
import { IdempotencyRetention } from './idempotency-retention.js';
import { MerchantAccountsController } from './merchant-accounts.controller.js';
import { MerchantAccounts } from './merchant-accounts.service.js';
import { PlatformAccountsController } from './platform-accounts.controller.js';
import { PlatformAccounts } from './platform-accounts.service.js';
import { RateLimits } from './rate-limits.js';
import { SandboxConsole } from './sandbox-console.js';
import { ServerKeys } from './server-keys.js';
import { SigningKeys } from './signing-keys.js';
import { TestClockController } from './test-clock.controller.js';
import { TestClock } from './test-clock.service.js';
import { TestClockSteps } from './test-clock-steps.js';
import { UserListeners } from './user-listeners.js';

const services = [
  ApiKeys,
  Apps,
  Audit,
  BusinessTime,
  DueTimes,
  Idempotency,
  MerchantAccounts,
  PlatformAccounts,
  RateLimits,
  ServerKeys,
  SigningKeys,
  UserListeners,
];

@Global()
@Module({
  controllers: [AppsController, MerchantAccountsController, PlatformAccountsController, TestClockController],
  providers: [
    ...services,
    AccountConsole,
    AccountSecrets,
    AccountTools,
    IdempotencyRetention,
    SandboxConsole,
    TestClock,
    TestClockSteps,
  ],
  exports: services,
})
export class TenancyModule {}
