import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { rootSn } from './alipay.certificates.js';
import {
  isSamePair,
  publicHalf,
  readAesKey,
  readCertificateFile,
  readPrivateKey,
  readPublicKey,
  readRsaCertificateFile,
  UnusableKey,
} from './alipay.key-material.js';

/** A field whose text `read` can use; its complaint becomes the field's error. */
const readable = (read: (text: string) => unknown, description: string) =>
  z
    .string()
    .max(20_000)
    .superRefine((text, issues) => {
      try {
        read(text);
      } catch (error) {
        if (!(error instanceof UnusableKey)) throw error;
        issues.addIssue({ code: 'custom', message: error.message });
      }
    })
    .meta({ description });

const common = {
  appPrivateKey: readable(
    readPrivateKey,
    'The private key that signs the calls of the mini-program: PEM or base64, PKCS#8 or PKCS#1, at least 2048 bits.',
  ),
  aesKey: readable(
    readAesKey,
    'The key of "接口内容加密方式" in the console: base64 of 16 bytes. Needed to read phone numbers.',
  ).optional(),
};

const KeyMode = z
  .strictObject({
    mode: z.literal('key').meta({ description: 'The console holds a public key of the mini-program.' }),
    ...common,
    alipayPublicKey: readable(
      readPublicKey,
      "Alipay's public key (支付宝公钥), not the mini-program's own: PEM or base64.",
    ),
  })
  .superRefine(({ appPrivateKey, alipayPublicKey }, issues) => {
    if (isPair(appPrivateKey, () => readPublicKey(alipayPublicKey)) !== true) return;
    const message = "This is the mini-program's own public key. Copy Alipay's (支付宝公钥) from the console.";
    issues.addIssue({ code: 'custom', path: ['alipayPublicKey'], message });
  });

const CertificateMode = z
  .strictObject({
    mode: z.literal('certificate').meta({ description: 'The console holds a certificate of the mini-program.' }),
    ...common,
    appCertificate: readable(readRsaCertificateFile, 'appCertPublicKey_<app id>.crt as PEM.'),
    alipayCertificate: readable(readRsaCertificateFile, 'alipayCertPublicKey_RSA2.crt as PEM, all of the file.'),
    alipayRootCertificate: readable(readRootFile, 'alipayRootCert.crt as PEM, all of the file.'),
  })
  .superRefine(({ appPrivateKey, appCertificate, alipayCertificate }, issues) => {
    const complain = (field: string, message: string) => issues.addIssue({ code: 'custom', path: [field], message });
    if (isPair(appPrivateKey, () => readRsaCertificateFile(appCertificate)[0].publicKey) === false)
      complain('appCertificate', 'This certificate is not for appPrivateKey: it holds the key of another pair.');
    if (isPair(appPrivateKey, () => readRsaCertificateFile(alipayCertificate)[0].publicKey) === true)
      complain('alipayCertificate', "This is the mini-program's own certificate; Alipay's belongs here.");
  });

/** What an Alipay account needs, in the mode that its console is in; one mini-program is in one mode at a time. */
export const AlipayCredentials = z.discriminatedUnion('mode', [KeyMode, CertificateMode]);
export type AlipayCredentials = z.infer<typeof AlipayCredentials>;

/** An Alipay app id. */
export const AlipayAppId = z.string().regex(/^\d{16}$/, 'An app id of Alipay has 16 digits.');

/** What a developer types into the console: the public half of the app's key. What cannot be read is left out. */
export function toConsole(credentials: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const { appPrivateKey = '', ...shown } = credentials;
  const appPublicKey = unlessUnusable(() => publicHalf(readPrivateKey(appPrivateKey)));
  return appPublicKey === undefined ? shown : { ...shown, appPublicKey };
}

function readRootFile(text: string): void {
  if (rootSn(readCertificateFile(text)) === '') throw new UnusableKey('This file holds no RSA certificate.');
}

/** Nothing when one of the two cannot be read: its own field complains then. */
const isPair = (appPrivateKey: string, other: () => KeyObject): boolean | undefined =>
  unlessUnusable(() => isSamePair(readPrivateKey(appPrivateKey), other()));

function unlessUnusable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnusableKey) return undefined;
    throw error;
  }
}
