import { decryptContent } from './cipher.js';
import { AlipayError } from './errors.js';
import { type Fields, jsonFields } from './fields.js';

/** The fields of `biz_content` or of a v3 body, decrypted if `encryptType` says so. Throws AlipayError. */
export function readContent(content: string, encryptType: string | undefined, aesKey: string): Fields {
  if (encryptType && encryptType !== 'AES') throw new AlipayError('isv.invalid-encrypt-type');
  if (encryptType && aesKey === '') throw new AlipayError('isv.missing-encrypt-key');
  if (content === '') return {};
  const plain = encryptType ? decryptContent(content, aesKey) : content;
  if (plain === undefined) throw new AlipayError('isv.decryption-error-unknown');
  const fields = jsonFields(plain);
  if (fields) return fields;
  throw new AlipayError(looksEncrypted(content) ? 'isv.decryption-error-missing-encrypt-type' : 'isv.illegal-json');
}

/** Whole blocks of 16 bytes as base64. */
const looksEncrypted = (content: string): boolean =>
  /^[A-Za-z0-9+/]+={0,2}$/.test(content) && Buffer.from(content, 'base64').length % 16 === 0;
