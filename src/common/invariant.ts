/**
 * One promise that the rows of a domain must keep at any time, as a query for those that break it. `$1` is an app, or null
 * for all of them. A query reads one snapshot, so it holds also while the system works.
 */
export interface Invariant {
  readonly name: string;
  /** Gives `app_id` and `id` of every offender. */
  readonly sql: string;
}
