import ipaddr from 'ipaddr.js';

/** What may be done with an address: anybody may be called there, only because it is listed, or not at all. */
export type Standing = 'public' | 'listed' | 'refused';

type Block = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

/** Of IPv6 only this part is given to anybody; the rest is local, mapped, translated or reserved. */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3');

/**
 * Which addresses webhooks may reach: public ones, and those that the operator lists (`WEBHOOK_ALLOW`).
 * Everything else inside our network could be opened by a URL: databases, metadata services, the server itself.
 */
export class AddressRules {
  readonly #listed: readonly Block[];

  /** `listed`: addresses and CIDR blocks, as `WEBHOOK_ALLOW` has them. */
  constructor(listed: readonly string[]) {
    this.#listed = listed.map((text) => (text.includes('/') ? ipaddr.parseCIDR(text) : wholeOf(ipaddr.parse(text))));
  }

  /** Whether anything besides public addresses can be reached. */
  get hasListed(): boolean {
    return this.#listed.length > 0;
  }

  /** `address`: an IP address as text. What is no address is refused. */
  standingOf(address: string): Standing {
    const text = address.replace(/%.*$/, ''); // a zone, as in fe80::1%eth0
    if (!ipaddr.isValid(text)) return 'refused';
    // ::ffff:127.0.0.1 is 127.0.0.1, whatever it looks like.
    const parsed = ipaddr.process(text);
    if (this.#listed.some(([block, bits]) => isIn(parsed, block, bits))) return 'listed';
    return isPublic(parsed) ? 'public' : 'refused';
  }
}

/** `unicast` is what the registries do not set apart; 6to4 and Teredo carry an IPv4 address of any kind within. */
const isPublic = (address: ipaddr.IPv4 | ipaddr.IPv6): boolean =>
  address.range() === 'unicast' && (address.kind() === 'ipv4' || isIn(address, ...GLOBAL_UNICAST));

const isIn = (address: ipaddr.IPv4 | ipaddr.IPv6, block: ipaddr.IPv4 | ipaddr.IPv6, bits: number): boolean =>
  address.kind() === block.kind() && address.match(block, bits);

const wholeOf = (address: ipaddr.IPv4 | ipaddr.IPv6): Block => [address, address.kind() === 'ipv4' ? 32 : 128];
