import { lookup, Resolver } from 'node:dns/promises';
import type { LookupAddress } from 'node:dns';

/** Finds the addresses of a name. A port, so that a test can be the name server. */
export abstract class HostResolver {
  /** All addresses, IPv4 first; rejects when there are none. */
  abstract resolve(hostname: string): Promise<LookupAddress[]>;
}

const TIMEOUT_MS = 3_000;
const TRIES = 2;

/**
 * The machine's name servers, asked without `getaddrinfo`: that would wait in one of Node's four threads, where names
 * that somebody lets hang would hold up files and ciphers. Only where the operator has listed addresses of their own
 * network, names that only the machine knows (its hosts file, search domains) are looked up too.
 */
export class SystemResolver extends HostResolver {
  readonly #resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });

  constructor(private readonly asksMachine: boolean) {
    super();
  }

  override async resolve(hostname: string): Promise<LookupAddress[]> {
    if (hostname === 'localhost') return LOOPBACK;
    const asked = [this.#resolver.resolve4(hostname), this.#resolver.resolve6(hostname)] as const;
    const [four, six] = await Promise.allSettled(asked);
    const found = [...addressesOf(four, 4), ...addressesOf(six, 6)];
    if (found.length > 0) return found;
    if (this.asksMachine) return lookup(hostname, { all: true });
    throw four.status === 'rejected' ? (four.reason as Error) : new Error(`${hostname} has no address`);
  }
}

const LOOPBACK: LookupAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

const addressesOf = (answer: PromiseSettledResult<string[]>, family: number): LookupAddress[] =>
  answer.status === 'fulfilled' ? answer.value.map((address) => ({ address, family })) : [];
