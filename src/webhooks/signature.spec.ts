import { createPublicKey, verify } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { newSigningSecret, signerOf } from './signature.js';

describe('a signature', () => {
  // The example of the Standard Webhooks specification's own libraries.
  test('is that of the specification for its known answer', () => {
    const sign = signerOf('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
    expect(sign('msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, '{"test": 2432232314}')).toBe(
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    );
  });

  test('by a shared secret is verified by the library, and one changed byte is not', () => {
    const { secret, publicKey } = newSigningSecret('v1');
    expect([secret, publicKey]).toEqual([expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/), null]);
    const webhook = new Webhook(secret);
    const timestamp = Math.floor(Date.now() / 1_000);
    const body = '{"type":"webhook.test"}';
    const headers = {
      'webhook-id': 'evt_1',
      'webhook-timestamp': String(timestamp),
      'webhook-signature': signerOf(secret)('evt_1', timestamp, body),
    };
    expect(webhook.verify(body, headers)).toEqual({ type: 'webhook.test' });
    expect(() => webhook.verify(body.replace('t', 'u'), headers)).toThrow();
    expect(() => webhook.verify(body, { ...headers, 'webhook-id': 'evt_2' })).toThrow();
  });

  test('by a key pair is verified with the public key that is shown', () => {
    const { secret, publicKey } = newSigningSecret('v1a');
    expect(secret).toMatch(/^whsk_[A-Za-z0-9+/]{86}==$/);
    const x = Buffer.from(publicKey!.slice('whpk_'.length), 'base64');
    expect(x).toHaveLength(32);
    const key = createPublicKey({
      format: 'jwk',
      key: { kty: 'OKP', crv: 'Ed25519', x: x.toString('base64url') },
    });
    const [version, signature] = signerOf(secret)('evt_1', 1, '{}').split(',');
    expect(version).toBe('v1a');
    const isGenuine = (text: string) => verify(null, Buffer.from(text), key, Buffer.from(signature!, 'base64'));
    expect([isGenuine('evt_1.1.{}'), isGenuine('evt_1.1.[]')]).toEqual([true, false]);
  });

  test('needs a secret of ours', () => {
    expect(() => signerOf('hunter2')).toThrow('not a signing secret');
  });
});
