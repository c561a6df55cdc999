import { Global, Module } from '@nestjs/common';
import { PlatformCallObserver } from '../platforms/platform-http.js';
import { CapabilitiesController } from './capabilities.controller.js';
import { HealthController } from './health.controller.js';
import { Metrics } from './metrics.js';

@Global()
@Module({
  controllers: [CapabilitiesController, HealthController],
  providers: [Metrics, { provide: PlatformCallObserver, useExisting: Metrics }],
  exports: [Metrics, PlatformCallObserver],
})
export class ConsoleModule {}
