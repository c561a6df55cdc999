import { X509Certificate, type KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { z } from 'zod';
import { opened } from './pay.cipher.js';
import type { Certificates } from './pay.wire.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** How long a number that WeChat Pay did not list is believed to be none of its. */
const UNKNOWN_FOR = 30_000;
/** Downloads that unknown numbers may cause in a minute: anybody can send us made-up ones. */
const DOWNLOADS_PER_MINUTE = 6;

export interface PlatformCertificate {
  readonly serial: string;
  readonly key: KeyObject;
  /** ms since 1970; after that the key verifies nothing. */
  readonly expiresAt: number;
}

/** Gives the certificates that WeChat Pay uses now, or throws. */
export type Download = () => Promise<readonly PlatformCertificate[]>;

/**
 * WeChat Pay's certificates as one merchant sees them, by their number. During a rotation two are in use side by side, so
 * the key is always the one that a signature names. In memory: a download is one call, and what it gives is not secret.
 */
export class CertificateBook {
  #certificates: ReadonlyMap<string, PlatformCertificate> = new Map();
  #refreshedAt = -Infinity;
  #running: Promise<void> | undefined;
  #minute = 0;
  #downloads = 0;
  /** Numbers that were looked up in vain, and until when (ms since 1970) they are not looked up again. */
  readonly #unknown = new LRUCache<string, number>({ max: 200 });

  /**
   * The key that `serial` names, or undefined when WeChat Pay lists no such certificate. A number that is not known yet
   * is looked up once; many callers share one download. Throws what `download` throws.
   */
  async keyOf(serial: string, now: Date, download: Download): Promise<KeyObject | undefined> {
    const name = serial.toUpperCase();
    const known = this.#valid(name, now);
    if (known) {
      // A certificate that was withdrawn must not be believed for long; nobody waits for that.
      if (now.getTime() - this.#refreshedAt > HOUR) this.#refresh(now, download).catch(() => undefined);
      return known;
    }
    if (!isCertificateNumber(name) || (this.#unknown.get(name) ?? 0) > now.getTime()) return undefined;
    if (this.#running) {
      // It may have begun before WeChat Pay had the certificate, so it decides only when it brings it.
      await this.#running;
      const brought = this.#valid(name, now);
      if (brought) return brought;
    }
    if (!this.#running && !this.#mayDownload(now)) return undefined;
    await this.#refresh(now, download);
    const found = this.#valid(name, now);
    if (!found) this.#unknown.set(name, now.getTime() + UNKNOWN_FOR);
    return found;
  }

  #valid(serial: string, now: Date): KeyObject | undefined {
    const certificate = this.#certificates.get(serial);
    return certificate && certificate.expiresAt > now.getTime() ? certificate.key : undefined;
  }

  #refresh(now: Date, download: Download): Promise<void> {
    this.#running ??= this.#download(now, download).finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #download(now: Date, download: Download): Promise<void> {
    // Set before, so that a failure is not repeated by every caller.
    if (this.#certificates.size > 0) this.#refreshedAt = now.getTime();
    const certificates = await download();
    // All others are forgotten.
    this.#certificates = new Map(certificates.map((certificate) => [certificate.serial, certificate]));
    this.#refreshedAt = now.getTime();
  }

  #mayDownload(now: Date): boolean {
    const minute = Math.floor(now.getTime() / MINUTE);
    if (minute !== this.#minute) [this.#minute, this.#downloads] = [minute, 0];
    return ++this.#downloads <= DOWNLOADS_PER_MINUTE;
  }
}

/** The certificates in an answer, or undefined when the APIv3 key does not open one of them. */
export function openCertificates(
  { data }: z.infer<typeof Certificates>,
  apiV3Key: KeyObject,
): PlatformCertificate[] | undefined {
  const certificates: PlatformCertificate[] = [];
  for (const { serial_no, encrypt_certificate } of data) {
    const pem = opened(encrypt_certificate, apiV3Key);
    const certificate = pem === undefined ? undefined : readCertificate(pem);
    if (!certificate) return undefined;
    const { publicKey: key, validTo } = certificate;
    certificates.push({ serial: serial_no.toUpperCase(), key, expiresAt: Date.parse(validTo) });
  }
  return certificates;
}

function readCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

/** `PUB_KEY_ID_…`, for instance, is none: no download would bring it. */
const isCertificateNumber = (serial: string): boolean => /^[0-9A-F]{1,40}$/.test(serial);
