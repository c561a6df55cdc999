import { Global, Module } from '@nestjs/common';
import { CallbackAccounts } from './callback-accounts.js';
import { CallbackBytes } from './callback-bytes.js';
import { CallbackCounts } from './callback-counts.js';
import { CallbackHandlers } from './callback-handler.js';
import { CallbackRetention } from './callback-retention.js';
import { CallbacksController } from './callbacks.controller.js';
import { Callbacks } from './callbacks.service.js';
import { Conclusions } from './conclusions.js';
import { Intake } from './intake.js';

@Global()
@Module({
  controllers: [CallbacksController],
  providers: [
    CallbackAccounts,
    CallbackBytes,
    CallbackCounts,
    CallbackHandlers,
    CallbackRetention,
    Callbacks,
    Conclusions,
    Intake,
  ],
  exports: [CallbackCounts, CallbackHandlers, Callbacks, Intake],
})
export class CallbacksModule {}
