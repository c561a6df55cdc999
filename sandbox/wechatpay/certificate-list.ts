import type { Call } from '../core/platform.js';
import { randomAlphanumeric } from '../core/random.js';
import type { Merchant } from './authorization.js';
import { beijingTime } from './beijing-time.js';
import { encryptAead } from './cipher.js';
import { PayError } from './errors.js';
import type { PlatformKeys } from './platform-keys.js';

const ALGORITHMS = ['RSA', 'SM2', 'ALL'];
const ASSOCIATED_DATA = 'certificate';

/** `GET /v3/certificates`: the platform certificates of a merchant that still has some. */
export function certificateList(keys: PlatformKeys, { query }: Call, { merchantId, credentials }: Merchant): object {
  const { algorithm_type: algorithm = 'RSA' } = query;
  if (!ALGORITHMS.includes(algorithm))
    throw new PayError('PARAM_ERROR', { detail: { field: 'algorithm_type', location: 'query', value: algorithm } });
  const certificates = algorithm === 'SM2' ? [] : keys.certificates(merchantId);
  if (certificates.length === 0)
    throw new PayError('RESOURCE_NOT_EXISTS', {
      message: '无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥。',
    });
  return {
    data: certificates.map(({ serial, certificate, from, until }) => {
      const nonce = randomAlphanumeric(12);
      return {
        serial_no: serial,
        effective_time: beijingTime(from),
        expire_time: beijingTime(until),
        encrypt_certificate: {
          algorithm: 'AEAD_AES_256_GCM',
          nonce,
          associated_data: ASSOCIATED_DATA,
          ciphertext: encryptAead(certificate, credentials.apiV3Key, nonce, ASSOCIATED_DATA),
        },
      };
    }),
  };
}
