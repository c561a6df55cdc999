import { Injectable } from '@nestjs/common';

/** Rows of one domain on which somebody acts when their business time has come. It registers when it starts. */
export interface DueSource {
  /** The kind of the lanes that work them. */
  readonly kind: string;
  /** When the app's next row is due (business time), which may be past; null: none is waiting. */
  next(appId: string): Promise<Date | null>;
}

/** All that waits for business time: a test clock moves from one such time to the next. */
@Injectable()
export class DueTimes {
  readonly #sources: DueSource[] = [];

  register(source: DueSource): void {
    this.#sources.push(source);
  }

  /** The kinds of lanes that business time sets off. */
  get kinds(): readonly string[] {
    return [...new Set(this.#sources.map(({ kind }) => kind))];
  }

  /** The kinds with rows that are due at `now`, and the earliest time after it; null: nothing waits. */
  async of(appId: string, now: Date): Promise<{ readonly due: readonly string[]; readonly next: Date | null }> {
    const times = await Promise.all(
      this.#sources.map(async (source) => ({ kind: source.kind, at: await source.next(appId) })),
    );
    const due = times.filter(({ at }) => at !== null && at <= now).map(({ kind }) => kind);
    const later = times.flatMap(({ at }) => (at !== null && at > now ? [at.getTime()] : []));
    return { due: [...new Set(due)], next: later.length === 0 ? null : new Date(Math.min(...later)) };
  }
}
