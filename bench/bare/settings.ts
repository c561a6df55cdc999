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
}

export const readSettings = (env: NodeJS.ProcessEnv): Settings => JSON.parse(env['BARE'] ?? '{}') as Settings;
