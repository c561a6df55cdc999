import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../common/clock.js';
import type { PlatformAccount } from '../../platform.js';
import { byteAuthorization, type ClientCall } from './byte-authorization.js';
import { signingKey } from './pay-keys.js';

/** Milliseconds for which Douyin takes a signature; so long after it a client may still place the order. */
export const SIGNATURE_LIFE = 3_600_000;

/** Signs what the client hands over to Douyin, at the time of the machine. */
export class ClientCalls {
  constructor(private readonly clock: Clock) {}

  /** `data` and its proof: the client must hand over these very strings, for the signature is of each byte. */
  signed(program: PlatformAccount, call: ClientCall, data: string): { data: string; byteAuthorization: string } {
    const seal = {
      platformAppId: program.platformAppId,
      timestamp: Math.floor(this.clock.now().getTime() / 1_000),
      nonce: randomBytes(16).toString('hex'),
    };
    return { data, byteAuthorization: byteAuthorization(data, signingKey(program), seal, call) };
  }
}

/** Until when (business time) parameters that are signed now are good for an order that ends at `expiresAt`. */
export const goodUntil = (expiresAt: Date, businessNow: Date): string =>
  new Date(Math.min(expiresAt.getTime(), businessNow.getTime() + SIGNATURE_LIFE)).toISOString();
