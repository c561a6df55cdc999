import type { Account, AccountBook } from '../core/accounts.js';
import type { Answer, Call, Route, World } from '../core/platform.js';
import { randomHex } from '../core/random.js';
import type { RateWindow } from '../core/rate-window.js';
import { encryptContent } from './cipher.js';
import { readContent } from './content.js';
import type { AlipayCredentials } from './developer-console.js';
import { AlipayError } from './errors.js';
import type { Method } from './methods.js';
import { type Authorization, authorizationOf, headerOf, signedContentOf } from './rest-authorization.js';
import { statusOf, wireCodeOf } from './rest-errors.js';
import type { SigningKeys } from './signing-keys.js';
import type { Verification } from './verification.js';

const TOLERANCE = 10 * 60_000;
/** Where v2 has a code of its own for it. */
const STILL_PROCESSING = 202;

/** Protocol v3: every method at its own path, signatures in headers, refusals by HTTP status. */
export class Rest {
  readonly #accounts: AccountBook<AlipayCredentials>;
  readonly #nonces: RateWindow;

  constructor(
    world: World,
    private readonly keys: SigningKeys,
    private readonly verification: Verification,
    private readonly methods: ReadonlyMap<string, Method>,
  ) {
    this.#accounts = world.accounts('alipay');
    // A timestamp may be that early or that late, so a nonce must be known for both.
    this.#nonces = world.rateWindow(2 * TOLERANCE);
  }

  /** WeChat Pay has paths under `/v3` too. */
  readonly route: Route = {
    methods: ['GET', 'POST'],
    path: '/v3/alipay/*',
    handle: async (call) => {
      const account = this.#accountOf(call);
      if (account && call.fault === 'rotate_key') await this.keys.rotate(account.credentials.ring);
      try {
        return this.#answer(call, account);
      } catch (error) {
        if (error instanceof AlipayError) return this.refuse(error);
        throw error;
      }
    },
  };

  /** Refusals are not signed (seen in a probe), whoever they are for. */
  refuse(error: AlipayError): Answer {
    return {
      status: statusOf(error),
      contentType: 'application/json;charset=utf-8',
      headers: { 'alipay-trace-id': randomHex(32) },
      body: JSON.stringify({
        code: wireCodeOf(error),
        message: error.message,
        links: [{ link: 'https://opendocs.alipay.com/open-v3/054fcv', desc: '解决方案' }],
      }),
    };
  }

  #accountOf(call: Call): Account<AlipayCredentials> | undefined {
    return this.#accounts.get(authorizationOf(call)?.appId ?? '');
  }

  #answer(call: Call, account: Account<AlipayCredentials> | undefined): Answer {
    const authorization = authorizationOf(call);
    if (!authorization?.timestamp) throw new AlipayError('isv.missing-timestamp'); // also without any authorization
    if (!authorization.appId) throw new AlipayError('isv.missing-app-id');
    if (!account) throw new AlipayError('isv.invalid-app-id');
    const { credentials } = account;
    this.#checkIdentity(call, authorization, credentials);
    const method = this.methods.get(methodOf(call));
    if (!method || method.isV2Only || call.method !== (method.isRead ? 'GET' : 'POST'))
      throw new AlipayError('isv.invalid-method');
    const encryptType = headerOf(call, 'alipay-encrypt-type');
    const fields = { ...readContent(call.body.toString(), encryptType, credentials.aesKey), ...call.query };
    const { code, msg: _, ...answer } = method.run({ account, parameters: fields, content: fields, at: call.at });
    const body = JSON.stringify(answer);
    const signed = encryptType
      ? this.#signed(call, credentials, encryptContent(body, credentials.aesKey), 'text/plain')
      : this.#signed(call, credentials, body, 'application/json');
    return code === undefined ? signed : { ...signed, status: STILL_PROCESSING };
  }

  #checkIdentity(call: Call, authorization: Authorization, credentials: AlipayCredentials): void {
    const rootCertSn = headerOf(call, 'alipay-root-cert-sn');
    if (credentials.mode === 'certificate') {
      if (!authorization.appCertSn) throw new AlipayError('isv.missing-app-cert-sn');
      if (!rootCertSn) throw new AlipayError('isv.missing-alipay-root-cert-sn');
    }
    this.verification.checkCertificates(credentials, authorization.appCertSn, rootCertSn);
    if (!(Math.abs(call.at - Number(authorization.timestamp)) <= TOLERANCE))
      throw new AlipayError('isv.illegal-timestamp');
    if (!this.verification.isSignedBy(credentials, signedContentOf(call, authorization), authorization.sign))
      throw new AlipayError('isv.invalid-signature');
    if (!authorization.nonce || !this.#nonces.take(`${authorization.appId}/${authorization.nonce}`, 1))
      throw new AlipayError('isv.suspected-attack'); // the code for a nonce that was seen before is not published
    if (headerOf(call, 'alipay-app-auth-token')) throw new AlipayError('aop.invalid-app-auth-token');
  }

  #signed(call: Call, { mode, ring }: AlipayCredentials, body: string, type: string): Answer {
    const timestamp = String(call.at);
    const nonce = randomHex(32);
    const signedBody = call.fault === 'wrong_signature' ? `${body} ` : body;
    return {
      contentType: `${type};charset=utf-8`,
      headers: {
        'alipay-timestamp': timestamp,
        'alipay-nonce': nonce,
        'alipay-signature': this.keys.sign(ring, `${timestamp}\n${nonce}\n${signedBody}\n`),
        ...(mode === 'certificate' && { 'alipay-sn': this.keys.newest(ring).certificateSn }),
        'alipay-trace-id': randomHex(32),
      },
      body,
    };
  }
}

/** `/v3/alipay/user/info/share` is `alipay.user.info.share`. */
export const methodOf = ({ path }: Call): string => path.replace(/\/$/, '').slice('/v3/'.length).replaceAll('/', '.');
