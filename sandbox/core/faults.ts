import { z } from 'zod';
import { type CallMatch, type Direction, DIRECTIONS, matches, type Passing } from './call-match.js';
import { SandboxError } from './errors.js';
import type { Platform, PlatformFault } from './platform.js';
import type { Row, Table } from './store.js';

const CORE_FAULTS = ['timeout_before', 'timeout_after', 'status_500', 'busy', 'slow', 'code', 'garbage'] as const;
const PLATFORM_FAULTS = ['wrong_signature', 'rotate_key'] as const satisfies PlatformFault[];
const CALLBACK_FAULTS = ['drop', 'duplicate', 'delay', 'reorder', 'wrong_amount', 'forge', 'wrong_signature'] as const;
const MOST_AT_ONCE = 1_000;

const faultSchema = z.strictObject({
  match: z.strictObject({
    platform: z.string(),
    direction: z.enum(DIRECTIONS).optional(),
    path: z.string().optional(),
    operation: z.string().optional(),
    platformAppId: z.string().optional(),
    merchantId: z.string().optional(),
  }),
  kind: z.enum([...CORE_FAULTS, ...PLATFORM_FAULTS, ...CALLBACK_FAULTS]),
  times: z.int().min(1).max(1_000_000).default(1),
  code: z.string().optional(),
  milliseconds: z.int().min(1).max(60_000).default(2_000),
});

export type CallFault = (typeof CORE_FAULTS)[number] | PlatformFault;
export type CallbackFault = (typeof CALLBACK_FAULTS)[number];

/** One way in which the next `times` matching calls or callbacks go wrong. */
export interface Fault<Kind = CallFault | CallbackFault> extends Row {
  readonly id: string;
  readonly match: CallMatch & { readonly platform: string };
  readonly kind: Kind;
  /** Calls still to come. */
  readonly times: number;
  /** For `code`: the platform's error code. */
  readonly code: string;
  /** For `slow` and `delay`. */
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
    const directions = directionsOf(platform, kind).filter((one) => (match.direction ?? one) === one);
    if (directions.length === 0) throw refused(cannotHappen(platform, kind));
    if (kind === 'code' && !platform.errorCode.test(code))
      throw refused(`"code" must be an error code of ${platform.code}, of the form ${platform.errorCode.source}`);
    if (this.table.size >= MOST_AT_ONCE) throw refused('too many faults are waiting: DELETE /_/faults clears them');

    const [direction] = directions;
    const fault: Fault = {
      id: String(++this.#last),
      match: { ...match, ...(directions.length === 1 && { direction }) },
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

  /** The oldest fault that fits a call to a platform, one of its times used up. */
  takeForCall(passing: Passing): Fault<CallFault> | undefined {
    return this.#take(passing, [...CORE_FAULTS, ...PLATFORM_FAULTS]);
  }

  /** The oldest fault that fits a callback, one of its times used up. */
  takeForCallback(passing: Passing): Fault<CallbackFault> | undefined {
    return this.#take(passing, CALLBACK_FAULTS);
  }

  #take<Kind extends string>(passing: Passing, kinds: readonly Kind[]): Fault<Kind> | undefined {
    if (this.table.size === 0) return undefined;
    const fault = this.list().find(({ kind, match }) => isOneOf(kinds, kind) && matches(match, passing));
    if (!fault) return undefined;
    if (fault.times > 1) this.table.set(fault.id, { ...fault, times: fault.times - 1 });
    else this.table.delete(fault.id);
    return fault as Fault<Kind & Fault['kind']>;
  }
}

const isOneOf = <T extends string>(list: readonly T[], value: string): value is T =>
  (list as readonly string[]).includes(value);

export const isPlatformFault = (kind: CallFault): kind is PlatformFault => isOneOf(PLATFORM_FAULTS, kind);

/** Where it can happen; `wrong_signature` in answers, in callbacks, or in whichever comes first. */
function directionsOf(platform: Platform, kind: Fault['kind']): Direction[] {
  const isOfCalls = isOneOf(PLATFORM_FAULTS, kind) ? platform.faults?.includes(kind) : isOneOf(CORE_FAULTS, kind);
  const isOfCallbacks = isOneOf(CALLBACK_FAULTS, kind) && platform.callbacks;
  return [...(isOfCalls ? (['in'] as const) : []), ...(isOfCallbacks ? (['out'] as const) : [])];
}

function cannotHappen({ code, callbacks }: Platform, kind: Fault['kind']): string {
  if (isOneOf(CORE_FAULTS, kind)) return `"${kind}" is a fault of calls, not of callbacks`;
  if (isOneOf(PLATFORM_FAULTS, kind)) return `${code} does not sign its answers, so "${kind}" cannot happen there`;
  return callbacks
    ? `"${kind}" is a fault of callbacks, not of calls`
    : `"${kind}" is a fault of callbacks, and ${code} sends none here`;
}

const refused = (message: string): SandboxError => new SandboxError(422, 'fault_refused', message);
