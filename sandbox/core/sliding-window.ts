/** How many happened within the last `milliseconds`, at any instant: holds their times and no more. */
export class SlidingWindow {
  #times: number[] = [];
  /** Those before it are out: taking from the head of a long array would copy the rest each time. */
  #head = 0;

  constructor(private readonly milliseconds: number) {}

  /** How many happened after `now - milliseconds`. */
  count(now: number): number {
    while (this.#head < this.#times.length && (this.#times[this.#head] ?? 0) <= now - this.milliseconds)
      this.#head += 1;
    if (this.#head > 1_000 && this.#head * 2 > this.#times.length) {
      this.#times = this.#times.slice(this.#head);
      this.#head = 0;
    }
    return this.#times.length - this.#head;
  }

  /** One more happens at `now`, which never goes back. */
  add(now: number): void {
    this.#times.push(now);
  }
}
