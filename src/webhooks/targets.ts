import type { LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { problem } from '../common/problems.js';
import type { AddressRules } from './addresses.js';
import type { HostResolver } from './resolver.js';

/** Why nothing was sent; the message is shown to the developer. */
export class TargetRefused extends Error {}

/**
 * Where webhooks may go. A host is resolved once, right before the connection is made, every address of the answer is
 * checked, and the connection goes to these very addresses: a name that changes its answer gains nothing.
 */
export class Targets {
  /** Of the endpoints that deliveries go to again and again. */
  readonly #fine = new WeakSet<URL>();

  constructor(
    private readonly rules: AddressRules,
    private readonly resolver: HostResolver,
  ) {}

  /** The URL as it will be called. Throws `webhook_url_refused` for what can be seen without asking anybody. */
  registered(text: string): URL {
    const refuse = (why: string) => problem('webhook_url_refused', why, { errors: [{ path: 'url', message: why }] });
    if (!URL.canParse(text)) throw refuse('This is not a URL.');
    const url = new URL(text);
    if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refuse('Webhooks go to https addresses.');
    if (url.username !== '' || url.password !== '') {
      throw refuse('The URL must not hold a user name or password: put them into headers.');
    }
    if (url.hash !== '') throw refuse('The URL must not have a fragment (#…): it would not be sent.');
    const host = hostOf(url);
    if (isIP(host) !== 0 && this.#isRefused(host, url.protocol)) throw refuse(reasonFor(host, host, url.protocol));
    if (url.protocol === 'http:' && !this.rules.hasListed) {
      throw refuse('Webhooks go to https addresses; plain http only to what WEBHOOK_ALLOW lists.');
    }
    return url;
  }

  /**
   * Throws TargetRefused for an address that stands in the URL itself: nobody will be asked to resolve that. The URL must
   * not change afterwards, as it is looked at once.
   */
  checkLiteral(url: URL): void {
    if (this.#fine.has(url)) return;
    const host = hostOf(url);
    if (isIP(host) !== 0 && this.#isRefused(host, url.protocol)) {
      throw new TargetRefused(reasonFor(host, host, url.protocol));
    }
    this.#fine.add(url);
  }

  /** In the place of `dns.lookup` for connections of one protocol; fails with TargetRefused. */
  lookupFor(protocol: 'http:' | 'https:'): LookupFunction {
    return (hostname, options, callback): void => {
      this.#resolve(hostname, protocol).then(
        (addresses) => {
          const [first] = addresses;
          if (options.all === true) callback(null, addresses);
          else callback(null, first.address, first.family);
        },
        (error: Error) => callback(error, ''),
      );
    };
  }

  async #resolve(hostname: string, protocol: string): Promise<[LookupAddress, ...LookupAddress[]]> {
    const [first, ...more] = await this.resolver.resolve(hostname.replace(/\.$/, ''));
    if (!first) throw new Error(`${hostname} has no address`);
    for (const { address } of [first, ...more]) {
      // One bad address is enough: the next connection might take it.
      if (this.#isRefused(address, protocol)) throw new TargetRefused(reasonFor(hostname, address, protocol));
    }
    return [first, ...more];
  }

  #isRefused(address: string, protocol: string): boolean {
    const standing = this.rules.standingOf(address);
    return standing === 'refused' || (standing === 'public' && protocol === 'http:');
  }
}

/** Without the brackets of an IPv6 address. */
const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[(.*)\]$/, '$1');

function reasonFor(hostname: string, address: string, protocol: string): string {
  const where = hostname === address ? address : `${hostname} (${address})`;
  return protocol === 'http:'
    ? `Plain http does not go to ${where}: use https.`
    : `Webhooks cannot be sent to ${where}: it is not a public address.`;
}
