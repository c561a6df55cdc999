import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type AddressCheck, CallbackRefused, type PlatformCallback, type RawCallback } from '../../callback.js';
import type { PlatformAccount } from '../../platform.js';
import { isSame } from '../../push-seal.js';
import { credentialsOf } from '../credentials.js';

export const WEBHOOK_SIGNATURE = 'x-douyin-signature';
/** Not signed itself, but the same in each repeat (docs: webhooks). */
const MESSAGE_ID = 'msg-id';
const VERIFY = 'verify_webhook';

const Webhook = z.object({
  event: z.string().min(1).max(64),
  client_key: z.string(),
  from_user_id: z.string().max(128).optional().catch(undefined),
  /** An object, or its JSON as text. */
  content: z.unknown().optional(),
});
type Webhook = z.infer<typeof Webhook>;

const Challenge = z.object({ challenge: z.union([z.number(), z.string().max(256)]) });

/**
 * A webhook of the open platform, signed with the secret of the mini-program: `sha1(secret + body)`. Nothing in it says how
 * old it is; a repeat is known by its Msg-Id and changes nothing.
 */
export function readWebhook(program: PlatformAccount, raw: RawCallback): PlatformCallback | AddressCheck {
  const { headers, body, receivedAt } = raw;
  const expected = createHash('sha1').update(credentialsOf(program).secret).update(body).digest('hex');
  if (!isSame((headers[WEBHOOK_SIGNATURE] ?? '').toLowerCase(), expected)) {
    const explanation =
      'X-Douyin-Signature is not that of the secret for these bytes: the secret was reset, a proxy has changed the body, or it is a forgery.';
    throw new CallbackRefused('signature_invalid', explanation);
  }
  const webhook = read(body);
  if (!webhook) throw new CallbackRefused('malformed', 'The body is signed, but it is no webhook of Douyin.');
  if (webhook.client_key !== program.platformAppId) {
    throw new CallbackRefused('unknown_key', 'The webhook is for another mini-program than this address.');
  }
  const check = checkOf(webhook);
  if (check) return check;
  const { event: type, from_user_id: openid = null } = webhook;
  const id = headers[MESSAGE_ID]?.slice(0, 128) ?? createHash('sha256').update(body).digest('hex');
  return {
    deduplicationKey: `webhook ${id}`,
    type,
    // Douyin tells by none of its events what people subscribe to.
    content: { kind: 'push', push: { type, openid, happenedAt: receivedAt, news: [] } },
  };
}

/**
 * The answer to the question that the console asks when the address is typed in. Whether that carries a signature is not
 * documented; without one it is answered all the same, for the answer is but what was asked. Undefined for anything else.
 */
export function challengeIn({ platformAppId }: PlatformAccount, body: Buffer): AddressCheck | undefined {
  if (body.length > 4_096) return undefined;
  const webhook = read(body);
  return webhook?.client_key === platformAppId ? checkOf(webhook) : undefined;
}

function checkOf({ event, content }: Webhook): AddressCheck | undefined {
  if (event !== VERIFY) return undefined;
  const parsed = Challenge.safeParse(typeof content === 'string' ? json(content) : content);
  if (!parsed.success) throw new CallbackRefused('malformed', 'The question about the address has no challenge.');
  const body = JSON.stringify({ challenge: parsed.data.challenge });
  return { kind: 'check', reply: { status: 200, contentType: 'application/json', body } };
}

const read = (body: Buffer): Webhook | undefined => Webhook.safeParse(json(body.toString('utf8'))).data;

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
