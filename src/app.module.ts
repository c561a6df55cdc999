import { type DynamicModule, Module, type OnApplicationShutdown, type Provider } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { IdentityRow } from './auth/identity.entity.js';
import { AuthModule } from './auth/auth.module.js';
import { UserRow } from './auth/user.entity.js';
import { CallbacksModule } from './callbacks/callbacks.module.js';
import { CatalogModule } from './catalog/catalog.module.js';
import { PriceRow } from './catalog/price.entity.js';
import { ProductRow } from './catalog/product.entity.js';
import { Clock, SystemClock } from './common/clock.js';
import { Sealer } from './common/seal.js';
import { Config } from './config/config.js';
import { ConsoleModule } from './console/console.module.js';
import { newDataSource } from './database/data-source.js';
import { Database } from './database/database.js';
import { EventsModule } from './events/events.module.js';
import { NotificationsModule } from './notifications/notifications.module.js';
import { SubscriptionsModule } from './subscriptions/subscriptions.module.js';
import { PaymentsModule } from './payments/payments.module.js';
import { PlatformsModule } from './platforms/platforms.module.js';
import { QueuesModule } from './queues/queues.module.js';
import { ApiKey } from './tenancy/api-key.entity.js';
import { App } from './tenancy/app.entity.js';
import { AuthenticationGuard } from './tenancy/authentication.guard.js';
import { MerchantAccountRow } from './tenancy/merchant-account.entity.js';
import { PlatformAccountRow } from './tenancy/platform-account.entity.js';
import { TenancyModule } from './tenancy/tenancy.module.js';
import { HostResolver, SystemResolver } from './webhooks/resolver.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';

export const ENTITIES = [
  App,
  ApiKey,
  MerchantAccountRow,
  PlatformAccountRow,
  UserRow,
  IdentityRow,
  ProductRow,
  PriceRow,
];

/** What tests put in the place of the real thing. */
export interface Overrides {
  readonly clock?: Clock;
  /** Who knows the addresses of webhook endpoints. */
  readonly resolver?: HostResolver;
  /** False: the graph is built, but nothing is connected; for the API document. */
  readonly connect?: boolean;
}

const base = (config: Config, { clock = new SystemClock(), resolver, connect = true }: Overrides): Provider[] => [
  { provide: Config, useValue: config },
  { provide: Clock, useValue: clock },
  { provide: Sealer, useValue: new Sealer(config.masterKeys) },
  { provide: HostResolver, useValue: resolver ?? new SystemResolver(config.webhookAllow.length > 0) },
  {
    provide: Database,
    useFactory: async () => {
      const dataSource = newDataSource({ url: config.databaseUrl, poolSize: config.databasePool, entities: ENTITIES });
      return new Database(connect ? await dataSource.initialize() : dataSource);
    },
  },
];

/** What everything stands on: configuration, time, secrets and the database. Closed last. */
@Module({})
class GroundModule implements OnApplicationShutdown {
  constructor(private readonly db: Database) {}

  async onApplicationShutdown(): Promise<void> {
    await this.db.dataSource.destroy();
  }
}

@Module({})
export class AppModule {
  static with(config: Config, overrides: Overrides = {}): DynamicModule {
    const providers = base(config, overrides);
    const ground: DynamicModule = {
      module: GroundModule,
      global: true,
      providers,
      exports: [Config, Clock, Sealer, HostResolver, Database],
    };
    return {
      module: AppModule,
      imports: [
        ground,
        QueuesModule,
        TenancyModule,
        EventsModule,
        PlatformsModule,
        AuthModule,
        CatalogModule,
        PaymentsModule,
        CallbacksModule,
        NotificationsModule,
        SubscriptionsModule,
        WebhooksModule,
        ConsoleModule,
      ],
      providers: [{ provide: APP_GUARD, useClass: AuthenticationGuard }],
    };
  }
}
