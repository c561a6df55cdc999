import { AlipayError } from './errors.js';
import type { Fields } from './fields.js';
import { textField } from './trade-fields.js';

/** A URL to which Alipay shall tell what becomes of something; undefined when left out. Throws AlipayError. */
export function notifyUrlField(parameters: Fields, name: 'notify_url' | 'sign_notify_url'): string | undefined {
  const url = textField(parameters, name, 256);
  if (url === undefined || /^https?:\/\/[^\s/]/.test(url)) return url;
  throw new AlipayError('isv.invalid-parameter', `参数无效：${name}`);
}
