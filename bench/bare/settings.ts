/** What the bench tells the bare server through its environment. */
export interface Settings {
  readonly databaseUrl: string;
  /** Connections to Postgres: as many as the server under test has. */
  readonly poolSize: number;
  /** Where the platform is played. */
  readonly platformUrl: string;
  readonly appId: string;
  readonly accountId: string;
  readonly platformAppId: string;
  readonly platformSecret: string;
  readonly merchant: Merchant;
}

/** Who takes the money, and with which keys. */
export interface Merchant {
  readonly accountId: string;
  readonly merchantId: string;
  /** Of the merchant's certificate. */
  readonly serial: string;
  /** PEM. */
  readonly privateKey: string;
  readonly apiV3Key: string;
  readonly notifyUrl: string;
  /** WeChat Pay's public keys as PEM, by the name in `Wechatpay-Serial`. */
  readonly platformKeys: Readonly<Record<string, string>>;
}

export const readSettings = (env: NodeJS.ProcessEnv): Settings => JSON.parse(env['BARE'] ?? '{}') as Settings;
