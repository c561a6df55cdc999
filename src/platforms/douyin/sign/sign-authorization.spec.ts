import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { byteAuthorization } from '../pay/byte-authorization.js';

interface Vectors {
  readonly contracts: readonly {
    readonly platformAppId: string;
    readonly data: string;
    readonly timestamp: number;
    readonly nonce: string;
    readonly keyVersion: string;
    readonly authorization: string;
  }[];
}
const read = (path: string): unknown => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
const { contracts } = read('./sign-authorization.vectors.json') as Vectors;
const { appPrivateKey } = read('../pay/byte-authorization.vectors.json') as { appPrivateKey: string };
const key = createPrivateKey(appPrivateKey);

test.each(contracts)(
  'a contract is signed as OpenSSL signs it: $nonce',
  ({ data, keyVersion, authorization, ...seal }) => {
    const signing = { key, version: keyVersion };
    expect(byteAuthorization(data, signing, seal, '/createSignOrder')).toBe(authorization);
    // The function's name is signed along: what is signed for one is not good for the other.
    expect(byteAuthorization(data, signing, seal)).not.toBe(authorization);
  },
);
