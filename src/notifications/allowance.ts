import type { Buckets, LaneRef, Pace } from '../queues/lane.js';

/** Tokens that a busy run asks for at once, so that not every claim costs another round trip. */
const MOST_AT_ONCE = 256;

/**
 * What one run may still send at its account's pace. Never holds more than a burst, which `MessageAccounts.paceOf` counts
 * twice for that; what is left at the end of the run is lost.
 */
export class Allowance {
  #left = 0;
  #used = 0;

  constructor(
    private readonly buckets: Buckets,
    private readonly bucket: LaneRef,
    private readonly pace: Pace,
  ) {}

  /** Up to `wanted` messages may go now; if fewer, `retryAt` is when more may. Rejects as `Buckets.take`. */
  async take(wanted: number): Promise<{ taken: number; retryAt?: Date }> {
    let retryAt: Date | undefined;
    if (this.#left < wanted) {
      // As many again as it has used so far: a run for one message takes few that are lost.
      const asked = Math.max(wanted, Math.min(this.#used, MOST_AT_ONCE));
      const most = Math.min(asked, this.pace.burst) - this.#left;
      const more = most > 0 ? await this.buckets.take(this.bucket, this.pace, most) : undefined;
      this.#left += more?.taken ?? 0;
      retryAt = more?.retryAt ?? new Date();
    }
    const taken = Math.min(wanted, this.#left);
    this.#left -= taken;
    this.#used += taken;
    return taken < wanted && retryAt ? { taken, retryAt } : { taken };
  }

  /** So many of those taken were not used. */
  giveBack(count: number): void {
    this.#left += count;
    this.#used -= count;
  }
}
