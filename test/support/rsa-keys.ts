import { createPrivateKey, generatePrime } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Of so many primes any two make a key: 780 keys, more than the shops of any spec file need. */
const PRIMES = 40;
const EXPONENT = 65_537n;

/**
 * Makes RSA keys for the sandboxes of all specs of a run, once: each would spend most of its start on its own. Nearly all
 * of the work is to find primes, so they are shared. Who knew two public keys could work out both private ones: for tests
 * such keys are as different as any.
 */
export async function prepareRsaKeys(): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), 'minibase-rsa-'));
  const primes = await Promise.all(Array.from({ length: PRIMES }, aPrime));
  const keys = primes.flatMap((p, i) => primes.slice(0, i).map((q) => asPem(p, q)));
  process.env['SANDBOX_RSA_KEYS'] = path.join(directory, 'keys.json');
  await writeFile(process.env['SANDBOX_RSA_KEYS'], JSON.stringify(keys), { mode: 0o600 });
}

export async function forgetRsaKeys(): Promise<void> {
  const file = process.env['SANDBOX_RSA_KEYS'];
  delete process.env['SANDBOX_RSA_KEYS'];
  if (file) await rm(path.dirname(file), { recursive: true, force: true });
}

/** Its two highest bits are set, so that the product of two has 2048 bits. */
async function aPrime(): Promise<bigint> {
  const prime = await new Promise<bigint>((resolve, reject) => {
    generatePrime(1_024, { bigint: true }, (error, found) => (error ? reject(error) : resolve(found)));
  });
  return prime % EXPONENT === 1n ? aPrime() : prime;
}

function asPem(p: bigint, q: bigint): string {
  const d = inverse(EXPONENT, (p - 1n) * (q - 1n));
  const numbers = { n: p * q, e: EXPONENT, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) };
  const fields = Object.entries(numbers).map(([name, number]) => [name, asBase64Url(number)] as const);
  const jwk = { kty: 'RSA', ...(Object.fromEntries(fields) as Record<string, string>) };
  const key = createPrivateKey({ key: jwk, format: 'jwk' });
  return key.export({ type: 'pkcs8', format: 'pem' }) as string;
}

/** What times `number` leaves 1 when divided by `modulus`: Euclid's way. */
function inverse(number: bigint, modulus: bigint): bigint {
  let [remainder, next] = [modulus, number % modulus];
  let [factor, nextFactor] = [0n, 1n];
  while (next !== 0n) {
    const times = remainder / next;
    [remainder, next] = [next, remainder - times * next];
    [factor, nextFactor] = [nextFactor, factor - times * nextFactor];
  }
  return ((factor % modulus) + modulus) % modulus;
}

function asBase64Url(number: bigint): string {
  const hex = number.toString(16);
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url');
}
