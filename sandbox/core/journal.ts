import { createReadStream } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StartError } from './errors.js';

/**
 * An append-only file of JSON lines. Many requests share one flush: while one is under way, the lines of all others
 * collect and go with the next.
 */
export class Journal {
  #lines: string[] = [];
  #current: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  private constructor(readonly file: FileHandle) {}

  /** Replaces the file by `lines`, atomically, and opens it for more. */
  static async rewrite(path: string, lines: Iterable<string>): Promise<Journal> {
    const draft = `${path}.new`;
    const file = await open(draft, 'w', 0o600);
    await writeInChunks(file, lines);
    await file.sync();
    await rename(draft, path);
    await syncDirectory(dirname(path));
    return new Journal(file);
  }

  /** Adds a line. It is on the disk once a `flushed()` that was called later resolves. */
  append(entry: object): void {
    this.#lines.push(JSON.stringify(entry) + '\n');
  }

  /** Resolves when everything appended so far is on the disk. After one failed write it rejects for ever. */
  flushed(): Promise<void> {
    if (this.#lines.length === 0) return this.#next ?? this.#current;
    this.#next ??= this.#current.then(() => this.#flush());
    return this.#next;
  }

  async close(): Promise<void> {
    await this.flushed().finally(() => this.file.close());
  }

  async #flush(): Promise<void> {
    if (this.#next) this.#current = this.#next;
    this.#next = undefined;
    const text = this.#lines.join('');
    this.#lines = [];
    await this.file.appendFile(text);
    await this.file.datasync();
  }
}

/**
 * The entries of a journal, none if there is no such file. A last line without its end is what a crash leaves of a
 * write that nobody was told about: it is dropped. Damage elsewhere is an error.
 */
export async function* readJournal(path: string): AsyncGenerator<unknown> {
  let number = 0;
  for await (const line of completeLines(path)) {
    number += 1;
    try {
      yield JSON.parse(line);
    } catch {
      throw new StartError(`line ${number} of ${path} is damaged: move that file away to start with an empty sandbox`);
    }
  }
}

async function* completeLines(path: string): AsyncGenerator<string> {
  let rest = '';
  try {
    for await (const chunk of createReadStream(path, { encoding: 'utf8', highWaterMark: 1 << 20 })) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

async function writeInChunks(file: FileHandle, lines: Iterable<string>): Promise<void> {
  let chunk = '';
  for (const line of lines) {
    chunk += line + '\n';
    if (chunk.length < 1 << 20) continue;
    await file.appendFile(chunk);
    chunk = '';
  }
  await file.appendFile(chunk);
}

/** A rename is durable only once the directory is. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
