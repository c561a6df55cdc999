/** Lets so many in at a time; the others wait, first come first served. */
export class Slots {
  #free: number;
  #waiting: (() => void)[] = [];
  /** Those before it were let in: taking from the head of a long array would copy the rest each time. */
  #head = 0;

  constructor(limit: number) {
    this.#free = limit;
  }

  async within<T>(run: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((letIn) => this.#waiting.push(letIn));
    try {
      return await run();
    } finally {
      this.#leave();
    }
  }

  #leave(): void {
    const next = this.#waiting[this.#head];
    if (!next) {
      this.#free += 1;
      this.#waiting = [];
      this.#head = 0;
      return;
    }
    this.#head += 1;
    if (this.#head > 1_000 && this.#head * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
    next();
  }
}
