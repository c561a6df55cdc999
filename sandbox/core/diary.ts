import { Agenda } from './agenda.js';

/** However far off the next entry is: the machine may sleep, and a test moves its clock without a word to us. */
const LONGEST_NAP = 250;
/** Entries that may plan each other without an end must not keep requests from being answered. */
const MOST_AT_ONCE = 10_000;

/** The agenda, and the alarm that wakes us for it. */
export class Diary {
  readonly #agenda: Agenda;
  #alarm: NodeJS.Timeout | undefined;
  /** Protocol time for which the alarm is set. */
  #wakesAt = Infinity;
  #started = false;

  /** `offsetOf`: how far an account's business time is ahead. `ran` is told when the alarm ran something. */
  constructor(
    private readonly now: () => number,
    offsetOf: (account: string) => number,
    private readonly ran: () => void,
  ) {
    this.#agenda = new Agenda(offsetOf);
  }

  /** Until then nothing runs by itself. */
  start(): void {
    this.#started = true;
    this.#setAlarm();
  }

  stop(): void {
    this.#started = false;
    clearTimeout(this.#alarm);
  }

  /** Plans `run` at `at`, business time in ms of the account; the same `key` replaces. */
  set(account: string, key: string, at: number, run: () => void): void {
    this.#agenda.set(account, key, at, run);
    this.#setAlarm();
  }

  delete(key: string): void {
    this.#agenda.delete(key);
  }

  /** To be called after an account's business time was moved. */
  moved(account: string): void {
    this.#agenda.moved(account);
  }

  /** Business time in ms of what is planned next for the account. */
  nextOf(account: string): number | undefined {
    return this.#agenda.nextOf(account);
  }

  /** Runs all that is due, also what that plans for now. Gives how many that were. */
  runDue(): number {
    let count = 0;
    for (; count < MOST_AT_ONCE; count += 1) {
      const entry = this.#agenda.takeDue(this.now());
      if (!entry) break;
      entry.run();
    }
    return count;
  }

  forgetAll(): void {
    this.#agenda.forgetAll();
  }

  #setAlarm(): void {
    const due = this.#started ? this.#agenda.nextDue() : undefined;
    if (due === undefined) return;
    const now = this.now();
    const wakesAt = now + Math.min(Math.max(due - now, 0), LONGEST_NAP);
    if (wakesAt >= this.#wakesAt) return;
    clearTimeout(this.#alarm);
    this.#wakesAt = wakesAt;
    this.#alarm = setTimeout(() => {
      this.#wakesAt = Infinity;
      if (this.runDue() > 0) this.ran();
      this.#setAlarm();
    }, wakesAt - now);
  }
}
