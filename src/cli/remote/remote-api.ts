import { askJson, type Question, RemoteError } from './ask-json.js';

/** How a question is asked: as the developer's server, unless it has a caller of its own. */
export interface ApiQuestion extends Omit<Question, 'headers'> {
  /** An access token: the caller is a user's mini-program. */
  readonly token?: string;
  /** Only for a login, which has no token yet. */
  readonly appId?: string;
}

/** The API of a running Minibase, with the secret key of an app. */
export class RemoteApi {
  constructor(
    /** Without a trailing slash. */
    readonly url: string,
    private readonly key: string,
  ) {}

  /** `path`: with its leading slash and query. Throws RemoteError. */
  async ask<T>(path: string, { token, appId, ...question }: ApiQuestion = {}): Promise<T> {
    const isServer = token === undefined && appId === undefined;
    const headers = appId === undefined ? { authorization: `Bearer ${token ?? this.key}` } : { 'x-app-id': appId };
    try {
      return await askJson<T>(this.name, new URL(this.url + path), { ...question, headers });
    } catch (error) {
      if (!isServer || !(error instanceof RemoteError) || error.status !== 401) throw error;
      throw new RemoteError(`${this.name} does not know this key: check --key or MINIBASE_SECRET_KEY.`, 401);
    }
  }

  get name(): string {
    return `The API at ${this.url}`;
  }
}
