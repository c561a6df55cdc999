import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PlatformFactory } from '../core/platform.js';
import { type RunningSandbox, startSandbox } from '../server.js';

export type Fields = Record<string, unknown>;

/** A sandbox of its own for a test, on a free port, with a clock that only moves by hand. */
export class TestSandbox {
  now = Date.parse('2026-06-01T04:00:00Z');
  #running: RunningSandbox | undefined;

  private constructor(
    readonly dataDir: string,
    private readonly platforms: readonly PlatformFactory[] | undefined,
  ) {}

  /** With all platforms unless told otherwise. */
  static async start(platforms?: readonly PlatformFactory[]): Promise<TestSandbox> {
    const sandbox = new TestSandbox(await mkdtemp(join(tmpdir(), 'sandbox-')), platforms);
    await sandbox.restart();
    return sandbox;
  }

  /** Another one, on what a kill at this moment would leave on the disk. Stop both. */
  async afterKill(): Promise<TestSandbox> {
    const other = new TestSandbox(await mkdtemp(join(tmpdir(), 'sandbox-')), this.platforms);
    await mkdir(join(other.dataDir, 'sandbox'));
    const state = join('sandbox', 'state.jsonl');
    await copyFile(join(this.dataDir, state), join(other.dataDir, state));
    other.now = this.now;
    await other.restart();
    return other;
  }

  get url(): string {
    return this.#running?.url ?? '';
  }

  /** Protocol time, and business time with it. What is due runs before the next request is answered. */
  advance({ minutes = 0, seconds = 0 }: { minutes?: number; seconds?: number }): void {
    this.now += (minutes * 60 + seconds) * 1_000;
  }

  /** Moves the business time of the accounts to `to` (ms), waits for what that sets off, and gives when the next thing is due. */
  async moveClock(to: number, ...accounts: Fields[]): Promise<number | null> {
    const { next } = await this.post('/_/clock', { accounts, now: new Date(to).toISOString() });
    return typeof next === 'string' ? Date.parse(next) : null;
  }

  /** The calls that fit, the oldest first. */
  async calls(filter: Record<string, string> = {}): Promise<Fields[]> {
    return (await this.get('/_/calls', filter)).calls as Fields[];
  }

  /** Stops, and starts again on the same state. */
  async restart(): Promise<void> {
    await this.#running?.close();
    const { dataDir } = this;
    this.#running = await startSandbox({
      host: '127.0.0.1',
      port: 0,
      dataDir,
      logLevel: 'silent',
      now: () => this.now,
      ...(this.platforms && { platforms: this.platforms }),
    });
  }

  async stop(): Promise<void> {
    await this.#running?.close();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  get(path: string, query: Record<string, string> = {}, headers: Record<string, string> = {}): Promise<Fields> {
    return this.#send('GET', path, query, undefined, headers);
  }

  post(
    path: string,
    body: unknown,
    { query = {}, headers = {} }: { query?: Record<string, string>; headers?: Record<string, string> } = {},
  ): Promise<Fields> {
    const bytes = typeof body === 'string' ? body : JSON.stringify(body);
    return this.#send('POST', path, query, bytes, { 'content-type': 'application/json', ...headers });
  }

  /** Registers a program on `platform`; the answer. */
  account(platform: string, over: Fields = {}): Promise<Fields> {
    return this.post('/_/accounts', { platform, kind: 'program', ...over });
  }

  /** Registers a merchant on `platform`; the answer. */
  merchant(platform: string, over: Fields = {}): Promise<Fields> {
    return this.post('/_/accounts', { platform, kind: 'merchant', ...over });
  }

  async #send(
    method: string,
    path: string,
    query: Record<string, string>,
    body: string | undefined,
    headers: Record<string, string>,
  ): Promise<Fields> {
    const search = new URLSearchParams(query).toString();
    const response = await fetch(`${this.url}${path}${search && '?'}${search}`, {
      method,
      headers,
      ...(body !== undefined && { body }),
    });
    return (await response.json()) as Fields;
  }
}
