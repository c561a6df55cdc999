import { z } from 'zod';
import { matches } from './call-match.js';
import { SandboxError } from './errors.js';
import type { Call, Platform, PlatformFault } from './platform.js';
import type { Row, Table } from './store.js';

const CORE_FAULTS = ['timeout_before', 'timeout_after', 'status_500', 'busy', 'slow', 'code', 'garbage'] as const;
const PLATFORM_FAULTS = ['wrong_signature', 'rotate_key'] as const satisfies PlatformFault[];
const CALLBACK_FAULTS = ['drop', 'duplicate', 'delay', 'reorder', 'wrong_amount', 'forge'] as const;
const MOST_AT_ONCE = 1_000;

const faultSchema = z.strictObject({
  match: z.strictObject({
    platform: z.string(),
    path: z.string().optional(),
    platformAppId: z.string().optional(),
  }),
  kind: z.enum([...CORE_FAULTS, ...PLATFORM_FAULTS, ...CALLBACK_FAULTS]),
  times: z.int().min(1).max(1_000_000).default(1),
  code: z.string().optional(),
  milliseconds: z.int().min(1).max(60_000).default(2_000),
});

type FaultKind = (typeof CORE_FAULTS)[number] | PlatformFault;

/** One way in which the next `times` matching calls go wrong. */
export interface Fault extends Row {
  readonly id: string;
  readonly match: { readonly platform: string; readonly path?: string; readonly platformAppId?: string };
  readonly kind: FaultKind;
  /** Calls still to come. */
  readonly times: number;
  /** For `code`: the platform's error code. */
  readonly code: string;
  /** For `slow`. */
  readonly milliseconds: number;
}

/** The faults that wait for their calls, the oldest first. */
export class Faults {
  #last = 0;

  constructor(private readonly table: Table<Fault>) {
    for (const [id] of table.entries()) this.#last = Math.max(this.#last, Number(id));
  }

  /** Throws ZodError or SandboxError. */
  add(body: unknown, platformOf: (code: string) => Platform): Fault {
    const { match, kind, times, code = '', milliseconds } = faultSchema.parse(body);
    const platform = platformOf(match.platform);
    if (isOneOf(CALLBACK_FAULTS, kind)) throw refused(`"${kind}" is a fault of callbacks, and none are sent yet`);
    if (isOneOf(PLATFORM_FAULTS, kind) && !platform.faults?.includes(kind))
      throw refused(`${platform.code} does not sign its answers, so "${kind}" cannot happen there`);
    if (kind === 'code' && !platform.errorCode.test(code))
      throw refused(`"code" must be an error code of ${platform.code}, of the form ${platform.errorCode.source}`);
    if (this.table.size >= MOST_AT_ONCE) throw refused('too many faults are waiting: DELETE /_/faults clears them');

    const { path, platformAppId } = match;
    const fault: Fault = {
      id: String(++this.#last),
      match: { platform: platform.code, ...(path && { path }), ...(platformAppId && { platformAppId }) },
      kind,
      times,
      code,
      milliseconds,
    };
    this.table.set(fault.id, fault);
    return fault;
  }

  list(): Fault[] {
    return [...this.table.entries()].map(([, fault]) => fault);
  }

  removeAll(): object {
    const removed = this.list();
    for (const { id } of removed) this.table.delete(id);
    return { removed: removed.length };
  }

  /** The oldest fault that fits `call`, one of its times used up. */
  take(platform: Platform, call: Call): Fault | undefined {
    if (this.table.size === 0) return undefined;
    const fault = this.list().find(({ match }) => matches(match, platform, call));
    if (!fault) return undefined;
    if (fault.times > 1) this.table.set(fault.id, { ...fault, times: fault.times - 1 });
    else this.table.delete(fault.id);
    return fault;
  }
}

const isOneOf = <T extends string>(list: readonly T[], value: string): value is T =>
  (list as readonly string[]).includes(value);

export const isPlatformFault = (kind: FaultKind): kind is PlatformFault => isOneOf(PLATFORM_FAULTS, kind);

const refused = (message: string): SandboxError => new SandboxError(422, 'fault_refused', message);
