import type { Call } from '../core/platform.js';

const FORM = /^ALIPAY-SHA256withRSA (.*),sign=([^,]*)$/;

/** What the `Authorization` header says. */
export interface Authorization {
  /** All before `,sign=`, in the caller's order: it is signed as it was sent. */
  readonly signedPart: string;
  readonly sign: string;
  readonly appId: string | undefined;
  readonly appCertSn: string | undefined;
  readonly nonce: string | undefined;
  /** Unix time in ms. */
  readonly timestamp: string | undefined;
}

/** Undefined without the header, or with one of another form. */
export function authorizationOf({ headers }: Call): Authorization | undefined {
  const [, signedPart, sign] = FORM.exec(headers.authorization ?? '') ?? [];
  if (signedPart === undefined || sign === undefined) return undefined;
  const fields = new Map(signedPart.split(',').map(splitField));
  return {
    signedPart,
    sign,
    appId: fields.get('app_id'),
    appCertSn: fields.get('app_cert_sn'),
    nonce: fields.get('nonce'),
    timestamp: fields.get('timestamp'),
  };
}

/** The text that a call is signed over; each part ends with a line feed, the last one too. */
export function signedContentOf(call: Call, { signedPart }: Authorization): string {
  const appAuthToken = headerOf(call, 'alipay-app-auth-token');
  const lines = [signedPart, call.method, call.url, call.body.toString(), ...(appAuthToken ? [appAuthToken] : [])];
  return lines.map((line) => `${line}\n`).join('');
}

/** Undefined for a header that did not come, or came empty. */
export const headerOf = ({ headers }: Call, name: string): string | undefined => {
  const value = headers[name];
  return (Array.isArray(value) ? value[0] : value) || undefined;
};

function splitField(field: string): [string, string] {
  const mark = field.indexOf('=');
  return [field.slice(0, mark), field.slice(mark + 1)];
}
