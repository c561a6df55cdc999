import type { AnyAccount } from '../core/accounts.js';
import type { CallbackRequest, CallbackSender, CallbackTamper, OutgoingCallback, World } from '../core/platform.js';
import { randomAlphanumeric } from '../core/random.js';
import type { Merchant } from './authorization.js';
import { signV2, type V2Fields, type V2SignType } from './v2-signature.js';
import { readXml, writeXml } from './v2-xml.js';

const SECOND = 1_000;
const HALF_HOUR = 1_800 * SECOND;
/** After the first try: nine more in a little more than three hours. */
const SCHEDULE = [
  ...[15 * SECOND, 15 * SECOND, 30 * SECOND, 180 * SECOND],
  ...[HALF_HOUR, HALF_HOUR, HALF_HOUR, HALF_HOUR, 2 * HALF_HOUR],
];

export interface V2Notice {
  /** For faults and the calls log. */
  readonly operation: string;
  readonly fields: V2Fields;
  readonly signType: V2SignType;
}

/** As it is kept until it was received: each try sends the same. */
interface Letter {
  readonly v2: Omit<V2Notice, 'operation'>;
}

/** The notifications of the older API: XML, signed with the merchant's APIv2 key. */
export class V2Notifications implements CallbackSender {
  readonly schedule = SCHEDULE;
  readonly timeout = 5 * SECOND;

  constructor(private readonly world: World) {}

  /** Whether a callback is one of these. */
  static wrote({ data }: OutgoingCallback): boolean {
    return 'v2' in data;
  }

  send(merchant: Merchant, url: string, { operation, fields, signType }: V2Notice): void {
    const data: Letter = { v2: { fields, signType } };
    this.world.call(merchant, { url, operation, data, schedule: SCHEDULE });
  }

  build(account: AnyAccount, { data }: OutgoingCallback, tamper?: CallbackTamper): CallbackRequest {
    const { v2 } = data as Letter;
    const { apiV2Key } = (account as Merchant).credentials;
    const fields = tamper === 'wrong_amount' ? withWrongAmount(v2.fields) : v2.fields;
    const key = tamper === 'forge' ? randomAlphanumeric(32) : apiV2Key;
    const signed = tamper === 'wrong_signature' ? { ...fields, return_msg: 'SIGNTEST' } : fields;
    const body = writeXml({ ...fields, sign: signV2(signed, key, v2.signType) });
    return { headers: { 'content-type': 'text/xml', 'user-agent': 'Mozilla/4.0' }, body };
  }

  /** Anything but the one answer is a failure. */
  accepts(status: number, body: string): boolean {
    const { return_code: code, return_msg: message } = readXml(body.trim()) ?? {};
    return status === 200 && code === 'SUCCESS' && message === 'OK';
  }
}

/** One fen more, where there is an amount at all. */
function withWrongAmount(fields: V2Fields): V2Fields {
  const { total_fee: total, cash_fee: cash } = fields;
  if (total === undefined) return fields;
  return { ...fields, total_fee: String(Number(total) + 1), ...(cash && { cash_fee: String(Number(cash) + 1) }) };
}
