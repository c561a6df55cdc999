import type { LoginCodes, LoginPlatform, PlatformAccount } from '../../src/platforms/platform.js';
import type {
  ConsentKind,
  MessagePlatform,
  OutgoingMessage,
  SendOutcome,
} from '../../src/platforms/message-platform.js';
import { UndiciHttp } from '../../src/platforms/undici-http.js';
import type { PlatformHttp } from '../../src/platforms/platform-http.js';
import type { Bench } from './bench.js';

/** What the contract must be told of a platform, because only that platform spells it so. */
export interface MessageStand {
  readonly platform: PlatformAccount['platform'];
  platformOver(http: PlatformHttp): LoginPlatform & MessagePlatform;
  /** By which path or operation the sandbox knows the call that sends; undefined token: there is none. */
  readonly calls: { readonly send: string; readonly token?: string };
  /** A value that the platform does not take for the first field, past our own check. */
  readonly badValue: string;
  /** What comes of the fault `busy` at the call that sends: Alipay's own word for it leaves the outcome open. */
  readonly busy: SendOutcome['kind'];
  /** A code that stops the account, one that asks for patience, and one that nobody wrote down. */
  readonly codes: { readonly stopped: string; readonly tooFast: string; readonly unheard: string };
}

/** A template as the sandbox's console lists it. */
interface ShownTemplate {
  readonly templateId: string;
  readonly kind: ConsentKind;
  readonly fields: readonly { readonly name: string; readonly example: string }[];
}

/** What every PlatformMessages does, whatever its wire looks like. */
export function behavesLikeAMessagePlatform(name: string, bench: () => Bench, stand: MessageStand): void {
  describe(`${name} as a message platform`, () => {
    let people = 0;
    let account: PlatformAccount;
    let platform: LoginPlatform & MessagePlatform;
    let template: ShownTemplate;
    let longTerm: ShownTemplate | undefined;
    let user: string;
    let openid: string;

    const { send: path, token: tokenPath } = stand.calls;
    const sends = () => bench().callsTo(account, path);
    const messageTo = (over: Partial<OutgoingMessage> = {}, of = template): OutgoingMessage => ({
      openid,
      templateId: of.templateId,
      fields: Object.fromEntries(of.fields.map((field) => [field.name, field.example || '一杯咖啡'])),
      page: 'pages/order/index?id=1',
      ...over,
    });
    const send = (over?: Partial<OutgoingMessage>, by = platform) => by.messages.send(account, messageTo(over));
    const accept = async (answer = 'accept', of = template) => {
      const { results } = await bench().person<{ results: Record<string, unknown> }>('consent', account, {
        user,
        templateIds: [of.templateId],
        answer,
      });
      return platform.messages.answers(results);
    };
    const received = async (): Promise<object[]> => {
      const query = new URLSearchParams({ platform: account.platform, platformAppId: account.platformAppId, user });
      const answer = await bench().get(`messages?${query.toString()}`);
      return ((await answer.json()) as { messages: object[] }).messages;
    };

    beforeAll(async () => {
      account = await bench().account(stand.platform);
      platform = stand.platformOver(bench().http);
      const { platformAppId } = account;
      const shown = await bench().act<{ templates: ShownTemplate[] }>('accounts', { platform: stand.platform, kind: 'program', platformAppId }); // prettier-ignore
      const [first] = shown.templates.filter(({ kind }) => kind === 'one_time');
      if (!first) throw new Error('the sandbox has no template for one message');
      template = first;
      longTerm = shown.templates.find(({ kind }) => kind === 'long_term');
    });
    beforeEach(async () => {
      user = `person-${(people += 1)}`;
      const codes = await bench().person<LoginCodes>('login', account, { user });
      openid = (await platform.exchange(account, codes)).openid ?? '';
    });
    afterEach(() => bench().noFaults());

    test('what the person accepts lets one message through, and no more', async () => {
      expect(await accept()).toEqual([{ templateId: template.templateId, isAccepted: true, answer: 'accept' }]);
      expect(await send()).toMatchObject({ kind: 'sent' });
      expect(await send()).toMatchObject({ kind: 'refused', detail: expect.stringMatching(/\S/) as string });
      const { fields, page } = messageTo();
      expect(await received()).toMatchObject([{ openid, templateId: template.templateId, data: fields, page }]);
    });

    test('a long-term template lets any number through', async () => {
      if (!longTerm) return;
      await accept('accept', longTerm);
      for (let i = 0; i < 3; i++) {
        expect(await platform.messages.send(account, messageTo({}, longTerm))).toMatchObject({ kind: 'sent' });
      }
    });

    test('who has refused, or was never asked, gets nothing', async () => {
      expect(await send()).toMatchObject({ kind: 'refused' });
      expect(await accept('reject')).toMatchObject([{ templateId: template.templateId, isAccepted: false }]);
      expect(await send()).toMatchObject({ kind: 'refused' });
      expect(await received()).toEqual([]);
    });

    test('values of the template fit the rules, and what the platform refuses all the same is the fault of the data', async () => {
      await accept();
      const { fields, page } = messageTo();
      const { messages } = platform;
      for (const [field, text] of Object.entries(fields)) {
        expect(messages.fieldProblem(field)).toBeUndefined();
        expect(messages.fit(field, text)).toEqual({ fits: true, text, isShortened: false });
      }
      expect(messages.dataProblem(fields)).toBeUndefined();
      expect(messages.page(page ?? '')).toMatchObject({ fits: true, text: page });
      expect(messages.templateId.safeParse(template.templateId).success).toBe(true);
      const [first = ''] = Object.keys(fields);
      expect(await send({ fields: { ...fields, [first]: stand.badValue } })).toMatchObject({ kind: 'failed', fault: 'data' }); // prettier-ignore
      const { [first]: _, ...rest } = fields;
      expect(await send({ fields: rest })).toMatchObject({ kind: 'failed', fault: 'data' });
      // Nothing of that has cost the acceptance.
      expect(await send()).toMatchObject({ kind: 'sent' });
    });

    test('a template that is not there fails', async () => {
      const { templateId } = template;
      const other = `${templateId.slice(0, -1)}${templateId.endsWith('0') ? '1' : '0'}`;
      expect(await send({ templateId: other })).toMatchObject({ kind: 'failed' });
    });

    test('a busy platform is asked later', async () => {
      await accept();
      await bench().fault(account, { kind: 'busy', path, times: 1 });
      expect(await send()).toMatchObject({ kind: stand.busy });
      expect(await send()).toMatchObject({ kind: 'sent' });
    });

    test.each(['timeout_before', 'timeout_after', 'status_500', 'garbage'] as const)(
      '%s: nobody knows, and it is not sent again',
      async (kind) => {
        await accept();
        const before = await sends();
        const impatient = stand.platformOver(bench().impatientHttp);
        // A token, so that the only thing to fail is the message.
        await impatient.messages.send(account, messageTo({ templateId: template.templateId, fields: {} }));
        const warm = await sends();
        expect(warm).toBe(before + 1);
        await bench().fault(account, { kind, path, times: 5 });
        expect(await impatient.messages.send(account, messageTo())).toMatchObject({ kind: 'unknown' });
        expect(await sends()).toBe(warm + 1);
      },
    );

    test('what cannot be reached has got nothing', async () => {
      const nowhere = new UndiciHttp({ sandboxUrl: 'http://127.0.0.1:9' });
      const there = stand.platformOver(nowhere);
      expect(await there.messages.send(account, messageTo())).toMatchObject({ kind: 'later' });
      await nowhere.close();
      const off = new UndiciHttp({ sandboxUrl: undefined });
      expect(await stand.platformOver(off).messages.send(account, messageTo())).toMatchObject({ kind: 'later', scope: 'account', isAlarm: true }); // prettier-ignore
      await off.close();
    });

    test('a code that stops the account, and one that asks for patience', async () => {
      await bench().fault(account, { kind: 'code', code: stand.codes.stopped, path, times: 1 });
      expect(await send()).toMatchObject({ kind: 'later', scope: 'account', isAlarm: true });
      await bench().fault(account, { kind: 'code', code: stand.codes.tooFast, path, times: 1 });
      expect(await send()).toMatchObject({ kind: 'later', scope: 'account', retryAfter: expect.any(Number) as number });
    });

    test('a code that nobody wrote down is the fault of the message in the end', async () => {
      await bench().fault(account, { kind: 'code', code: stand.codes.unheard, path, times: 2 });
      const before = await sends();
      expect(await send()).toMatchObject({ kind: 'failed', fault: 'data', platformCode: stand.codes.unheard });
      expect((await sends()) - before).toBe(tokenPath === undefined ? 1 : 2);
    });

    test('the templates of the account can be listed where there is an API for it', async () => {
      const { messages } = platform;
      if (!messages.templates) return;
      const listed = await messages.templates(account);
      expect(listed).toContainEqual(expect.objectContaining({ templateId: template.templateId, kind: 'one_time' }));
      const same = listed.find(({ templateId }) => templateId === template.templateId);
      expect(same?.fields.map(({ name: field }) => field)).toEqual(template.fields.map(({ name: field }) => field));
      expect(same?.title).toMatch(/\S/);
      if (longTerm) expect(listed).toContainEqual(expect.objectContaining({ templateId: longTerm.templateId, kind: 'long_term' })); // prettier-ignore
    });

    if (tokenPath === undefined) return;

    test('a token that has ended is replaced, and the message sent once', async () => {
      await accept();
      await send({ fields: {} });
      await bench().person('expire', account, { what: 'token' });
      expect(await send()).toMatchObject({ kind: 'sent' });
      expect(await received()).toHaveLength(1);
    });

    test('without a token nothing is sent: patience with a platform that is busy, a word to the developer for a wrong secret', async () => {
      const before = await sends();
      await bench().fault(account, { kind: 'timeout_before', path: tokenPath, times: 20 });
      const fresh = stand.platformOver(bench().impatientHttp);
      await bench().person('expire', account, { what: 'token' });
      expect(await fresh.messages.send(await forgetful(), messageTo())).toMatchObject({
        kind: 'later',
        scope: 'account',
      });
      await bench().noFaults();
      const wrong = { ...(await forgetful()), credentials: { ...(account.credentials as object), secret: 'wrong' } };
      expect(await platform.messages.send(wrong, messageTo())).toMatchObject({ kind: 'later', scope: 'account', isAlarm: true }); // prettier-ignore
      expect(await sends()).toBe(before);
    });

    /** The same mini-program under an account of ours that holds no token yet. */
    const forgetful = async (): Promise<PlatformAccount> => {
      const other = await bench().account(stand.platform);
      return { ...account, appId: other.appId, id: other.id };
    };
  });
}
