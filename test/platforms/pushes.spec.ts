import {
  CallbackRefused,
  type CallbackReader,
  type HttpReply,
  type RawCallback,
} from '../../src/platforms/callback.js';
import type { LoginCodes, PlatformAccount } from '../../src/platforms/platform.js';
import type { MessagePush } from '../../src/platforms/message-platform.js';
import { DouyinPlatform } from '../../src/platforms/douyin/douyin.platform.js';
import { WechatPlatform } from '../../src/platforms/wechat/wechat.platform.js';
import { Bench } from './bench.js';
import { CallbackAddress } from './callback-address.js';

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.start();
});
afterAll(() => bench.stop());

/** A server that believes what the platform of one account pushes, and answers as the platform wants. */
class PushServer {
  readonly pushes: MessagePush[] = [];
  readonly keys: string[] = [];
  readonly refusals: string[] = [];

  private constructor(readonly address: CallbackAddress) {}

  static async open(
    account: PlatformAccount,
    reader: CallbackReader<PlatformAccount> | undefined,
  ): Promise<PushServer> {
    if (!reader) throw new Error('the platform reads no pushes');
    const server = new PushServer(await CallbackAddress.open());
    server.address.answers((raw) => server.#answer(account, reader, raw));
    return server;
  }

  async #answer(
    account: PlatformAccount,
    reader: CallbackReader<PlatformAccount>,
    raw: RawCallback,
  ): Promise<HttpReply> {
    try {
      const told = await reader.read(account, raw);
      if ('kind' in told) return told.reply;
      if (told.content.kind === 'push') this.pushes.push(told.content.push);
      this.keys.push(told.deduplicationKey);
      return reader.acknowledge({ kind: 'accepted', callback: told });
    } catch (error) {
      if (!(error instanceof CallbackRefused)) throw error;
      this.refusals.push(error.refusal);
      return reader.acknowledge({ kind: 'refused' });
    }
  }

  count(of: number): Promise<readonly MessagePush[]> {
    return this.address.until(() => (this.pushes.length >= of ? this.pushes : undefined));
  }
}

const register = (account: PlatformAccount, push: object) =>
  bench.act<{ templates: { templateId: string; kind: string; fields: { name: string; example: string }[] }[] }>('accounts', { platform: account.platform, kind: 'program', platformAppId: account.platformAppId, push }); // prettier-ignore

describe.each(['plain', 'compatible', 'secure'] as const)('WeChat pushes in %s mode', (mode) => {
  test.each(['json', 'xml'] as const)('%s', async (format) => {
    const platform = new WechatPlatform(bench.http, bench.newTokens(), bench.clock);
    const keyed = await bench.account('wechat');
    const { messageAesKey: _, ...keyless } = keyed.credentials as Record<string, string>;
    const account = mode === 'plain' ? { ...keyed, credentials: keyless } : keyed;
    const server = await PushServer.open(account, platform.callbacks.program);
    try {
      const url = `${server.address.origin}/callbacks/${account.id}`;
      const { templates } = await register(account, { url, mode, format });
      expect(await bench.person('push', account, { check: true })).toEqual({ ok: true });

      const codes = await bench.person<LoginCodes>('login', account, { user: 'ming' });
      const { openid } = await platform.exchange(account, codes);
      const [one, two] = templates.filter(({ kind }) => kind === 'one_time').map(({ templateId }) => templateId);
      const answer = { [one ?? '']: 'accept', [two ?? '']: 'reject' };
      await bench.person('consent', account, { user: 'ming', templateIds: [one, two], answer });
      const [popup] = await server.count(1);
      expect(popup).toMatchObject({ type: 'subscribe_msg_popup_event', openid });
      expect(popup?.news).toMatchObject([
        { kind: 'consent', answer: { templateId: one, isAccepted: true }, isSetting: false },
        { kind: 'consent', answer: { templateId: two, isAccepted: false }, isSetting: false },
      ]);

      const fields = Object.fromEntries((templates[0]?.fields ?? []).map(({ name, example }) => [name, example]));
      const sent = await platform.messages.send(account, {
        openid: openid ?? '',
        templateId: one ?? '',
        fields,
        page: null,
      });
      const [, delivery] = await server.count(2);
      // Beyond what a number keeps, and yet the same on both ways.
      const { platformMessageId } = sent as { platformMessageId: string };
      expect(platformMessageId).toMatch(/^\d{17,20}$/);
      expect(delivery?.news).toMatchObject([{ kind: 'delivery', templateId: one, platformMessageId, outcome: { kind: 'sent' } }]); // prettier-ignore

      await bench.person('consent', account, { user: 'ming', templateIds: [one], answer: 'reject', settings: true });
      const [, , change] = await server.count(3);
      expect(change?.news).toMatchObject([{ isSetting: true, answer: { isAccepted: false } }]);

      const message = { MsgType: 'text', Content: '你好 <&> ]', MsgId: '23442453123456789012' };
      await bench.person('push', account, { user: 'ming', message });
      const [, , , text] = await server.count(4);
      expect(text).toMatchObject({ type: 'text', openid, news: [] });
      expect(server.keys[3]).toBe('message 23442453123456789012');
      expect(server.refusals).toEqual([]);
    } finally {
      await server.address.close();
    }
  });
});

test('what somebody else pushes to WeChat’s address is refused, and WeChat’s own repeat is known', async () => {
  const platform = new WechatPlatform(bench.http, bench.newTokens(), bench.clock);
  const account = await bench.account('wechat');
  const server = await PushServer.open(account, platform.callbacks.program);
  try {
    const { templates } = await register(account, { url: `${server.address.origin}/callbacks/${account.id}` });
    const { platform: code, platformAppId } = account;
    for (const kind of ['forge', 'wrong_signature', 'duplicate'] as const) {
      await bench.act('faults', { match: { platform: code, platformAppId, direction: 'out' }, kind, times: 1 });
      await bench.person('consent', account, { user: kind, templateIds: [templates[0]?.templateId], answer: 'accept' });
      await server.address.until(() => (server.refusals.length + server.pushes.length > 0 ? true : undefined));
    }
    await server.address.until(() => (server.keys.length > new Set(server.keys).size ? true : undefined));
    expect(server.refusals).toEqual(['signature_invalid', 'signature_invalid']);
  } finally {
    await server.address.close();
  }
});

test.each(['json', 'xml'] as const)('Douyin pushes, webhooks and questions, in %s', async (format) => {
  const platform = new DouyinPlatform(bench.http, bench.newTokens(), bench.clock);
  const account = await bench.account('douyin');
  const server = await PushServer.open(account, platform.callbacks.program);
  try {
    await register(account, { url: `${server.address.origin}/callbacks/${account.id}`, format });
    for (const check of ['webhook', 'push']) {
      expect(await bench.person('push', account, { check })).toEqual({ ok: true });
    }
    await bench.person('push', account, { user: 'ming', message: { event: 'im_receive_msg', content: { a: 1 } } });
    const [webhook] = await server.count(1);
    expect(webhook).toMatchObject({ type: 'im_receive_msg', openid: expect.stringMatching(/\S/) as string, news: [] });
    await bench.person('push', account, { user: 'ming', message: { MsgType: 'text', Content: '你好', MsgId: '7' } });
    const [, text] = await server.count(2);
    expect(text).toMatchObject({ type: 'text', openid: webhook?.openid ?? '', news: [] });
    expect(server.refusals).toEqual([]);
  } finally {
    await server.address.close();
  }
});
