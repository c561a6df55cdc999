import { Global, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Sealer } from '../common/seal.js';
import { Config } from '../config/config.js';
import { Database } from '../database/database.js';
import { AccessTokens } from './access-tokens.js';
import { AlipayPlatform } from './alipay/alipay.platform.js';
import { DouyinPlatform } from './douyin/douyin.platform.js';
import { PlatformCallObserver } from './platform-http.js';
import { Platforms } from './registry.js';
import { TokenRows } from './token-rows.js';
import { UndiciHttp } from './undici-http.js';
import { WechatPlatform } from './wechat/wechat.platform.js';

/** The list of platforms: the only file that names their folders. */
@Global()
@Module({
  providers: [
    {
      provide: UndiciHttp,
      inject: [Config, { token: PlatformCallObserver, optional: true }],
      useFactory: ({ sandboxUrl }: Config, observer?: PlatformCallObserver) =>
        new UndiciHttp({ sandboxUrl, ...(observer ? { onCall: (call) => observer.onCall(call) } : {}) }),
    },
    {
      provide: AccessTokens,
      inject: [Database, Sealer, Clock],
      useFactory: (db: Database, sealer: Sealer, clock: Clock) => new AccessTokens(new TokenRows(db, sealer), clock),
    },
    {
      provide: Platforms,
      inject: [UndiciHttp, AccessTokens, Clock],
      useFactory: (http: UndiciHttp, tokens: AccessTokens, clock: Clock) =>
        new Platforms([
          new WechatPlatform(http, tokens, clock),
          new AlipayPlatform(http),
          new DouyinPlatform(http, tokens, clock),
        ]),
    },
  ],
  exports: [Platforms],
})
export class PlatformsModule implements OnApplicationShutdown {
  constructor(private readonly http: UndiciHttp) {}

  async onApplicationShutdown(): Promise<void> {
    await this.http.close();
  }
}
