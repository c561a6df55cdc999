import type {
  Acknowledgement,
  AddressCheck,
  CallbackReader,
  HttpReply,
  PlatformCallback,
  RawCallback,
} from '../callback.js';
import type { PlatformAccount } from '../platform.js';
import { checkPushAddress, looksLikePush, readPush } from './messages/push.js';
import { challengeIn, readWebhook, WEBHOOK_SIGNATURE } from './messages/webhook.js';

/**
 * All that Douyin sends to the address of a mini-program. The console has a place for each kind, but nothing keeps a
 * developer from writing the same address into all of them; what a request brings along tells which it is, and each kind is
 * believed by its own signature alone.
 */
export class DouyinCallbacks implements CallbackReader<PlatformAccount> {
  constructor(private readonly payments: CallbackReader<PlatformAccount, PlatformCallback>) {}

  async read(program: PlatformAccount, raw: RawCallback): Promise<PlatformCallback | AddressCheck> {
    if (raw.method === 'GET') return checkPushAddress(program, raw);
    if (raw.headers[WEBHOOK_SIGNATURE]) return readWebhook(program, raw);
    if (raw.headers['byte-signature']) return this.payments.read(program, raw);
    const challenge = challengeIn(program, raw.body);
    if (challenge) return challenge;
    if (looksLikePush(raw.body)) return readPush(program, raw);
    // It says what a callback without a signature lacks.
    return this.payments.read(program, raw);
  }

  acknowledge(acknowledgement: Acknowledgement): HttpReply {
    return this.payments.acknowledge(acknowledgement);
  }
}
