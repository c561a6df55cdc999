import { Injectable } from '@nestjs/common';
import jwt from 'jsonwebtoken';
import type { FeatureValue } from '../catalog/products.schemas.js';
import { Clock } from '../common/clock.js';
import { Config } from '../config/config.js';
import { SigningKeys } from '../tenancy/signing-keys.js';

/** Seconds for which a snapshot is good; signing keys stay published for longer. */
const SNAPSHOT_SECONDS = 24 * 3_600;
/** Keeps a snapshot from passing as an access token, and the other way round. */
const TYP = 'entitlements+jwt';

interface Snapshotted {
  readonly feature: string;
  readonly value: FeatureValue;
  readonly expiresAt: Date | null;
  readonly graceUntil: Date | null;
}

/** Signs what a user may use, so that a mini-program can trust what it has kept when it starts without a network. */
@Injectable()
export class EntitlementSnapshots {
  constructor(
    private readonly keys: SigningKeys,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  /**
   * An ES256 JWT: `entitlements` maps each feature to its `value` and `until`, the seconds since 1970 (business time) at
   * which access ends, null for never.
   */
  async sign(appId: string, userId: string, rows: readonly Snapshotted[]): Promise<string> {
    const { kid, privateKey } = await this.keys.current();
    const iat = Math.floor(this.clock.now().getTime() / 1_000);
    const entitlements = Object.fromEntries(
      rows.map(({ feature, value, expiresAt, graceUntil }) => [
        feature,
        { value, until: untilOf(expiresAt, graceUntil) },
      ]),
    );
    const claims = { iss: this.config.publicUrl, aud: appId, sub: userId, iat, exp: iat + SNAPSHOT_SECONDS };
    return jwt.sign({ ...claims, entitlements }, privateKey, {
      algorithm: 'ES256',
      header: { alg: 'ES256', typ: TYP, kid },
    });
  }
}

const untilOf = (expiresAt: Date | null, graceUntil: Date | null): number | null =>
  expiresAt && Math.floor(Math.max(expiresAt.getTime(), graceUntil?.getTime() ?? 0) / 1_000);
