import { Injectable } from '@nestjs/common';

/**
 * Somebody who writes rows when events get their positions, in the same transaction and round trip: parts of the relay's
 * statement. Names of its common table expressions must be its own.
 */
export interface EventReader {
  /**
   * `name as (…), …`: reads `numbered` (the columns of `events`) and writes rows.
   * No network, no queue: what has to be woken, `lanes` says.
   */
  readonly onNumbered: string;
  /** A query over the above that gives `app_id` and `lane`: the lanes of `kind` that have work now. */
  readonly lanes: string;
  /** The kind of these lanes. */
  readonly kind: string;
  /** `name as (…), …`: removes what it keeps of the events in `forgotten` (`app_id`, `id`), when they grow too old. */
  readonly onForgotten: string;
}

/** The readers of this process; each registers before the start. */
@Injectable()
export class EventReaders {
  readonly #readers: EventReader[] = [];

  register(reader: EventReader): void {
    this.#readers.push(reader);
  }

  get all(): readonly EventReader[] {
    return this.#readers;
  }
}
