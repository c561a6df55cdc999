import { nextChinaDay } from '../../src/notifications/outcomes.js';
import { until } from '../queues/support/until.js';
import { asServer } from '../support/client.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { Sending } from './support/sending.js';

/** What becomes of a message whose send was answered with a code. */
type Row = readonly [code: string, ending: Ending];
type Ending =
  | readonly ['failed', reason: string]
  | readonly ['refused']
  | readonly ['unknown']
  /** Tried again, and sent. */
  | readonly ['again']
  /** The account waits so many seconds, and the message with it. */
  | readonly ['account', seconds: number]
  /** The person waits for the next day in China. */
  | readonly ['person'];

const all = (ending: Ending, ...codes: string[]): Row[] => codes.map((code) => [code, ending] as const);
const DATA: Ending = ['failed', 'data_refused'];
const TEMPLATE: Ending = ['failed', 'template_unusable'];
const PERSON: Ending = ['failed', 'person_unreachable'];
/** Somebody has to act. */
const STOPPED: Ending = ['account', 60];

/** alipay.open.app.mini.templatemessage.send, then the gateway's codes for every call. */
const ALIPAY: readonly Row[] = [
  ...all(TEMPLATE, 'FORM_ID_INVALID', 'FORM_ID_OVER_TIME', 'FORM_ID_SEND_LIMIT', 'FORM_ID_NOT_MATCH_APPID'),
  ...all(TEMPLATE, 'TRADE_NO_NOT_MATCH_USERID', 'USER_TEMPLATE_ILLEGAL', 'TEMPLATE_ILLEGAL', 'MSG_TEMPLATE_ID_VALID'),
  ...all(TEMPLATE, 'USER_TEMPLATE_STATUS_ILLEGAL', 'MESSAGE_TEMPLATE_KEYWORD_ILLEGAL'),
  ...all(DATA, 'USER_TEMPLATE_LACK_KEYWORD', 'USER_KEYWORD_LENGTH_ERROR', 'DATA_IS_EMPTY', 'DATA_CONTENT_FORMAT_ERROR'),
  ...all(DATA, 'BIZ_CONTENT_FORMAT_ERROR', 'PAGE_OVER_LIMIT', 'ILLEGAL_ARGUMENT_PARAMS'),
  ...all(DATA, 'DATA_SENSITIVE', 'MSG_REJECTED'),
  ...all(['refused'], 'MSG_UNSUBSCRIBED', 'MSG_UNAUTHORIZED'),
  ...all(PERSON, 'MSG_CONTENT_NOT_INTERESTED', 'NO_RECENT_VISIT_RECORD', 'NO_PLACE_ORDER_RECORD', 'USER_ID_INVALID'),
  ...all(['again'], 'QUERY_CONSUMER_REQEUST_ERROR', 'MSG_SEND_ERROR', 'SYSTEM_ERROR'),
  ...all(STOPPED, 'APP_TYPE_ERROR', 'APP_NO_AVAIABLE', 'NO_BIND_PUBLIC_APP', 'MESSAGE_SEND_AUTH_ERROR'),
  ...all(['unknown'], 'isp.unknow-error', 'aop.unknow-error'),
  ...all(
    STOPPED,
    'aop.invalid-auth-token',
    'isv.missing-signature-key',
    'isv.invalid-signature',
    'isv.app-cert-expired',
  ),
  ...all(STOPPED, 'isv.invalid-app-state', 'isv.insufficient-isv-permissions', 'isv.ip-forbidden'),
  ...all(DATA, 'isv.invalid-parameter', 'isv.missing-method'),
  ...all(PERSON, 'isv.insufficient-user-permissions', 'isv.invalid-auth-relations'),
  ...all(['account', 1], 'isv.app-call-limited', 'isv.method-call-limited'),
  ...all(['person'], 'MSG_SINGLE_SD_OVER'),
];

/** The codes of `notify`, then the gateway's. */
const DOUYIN: readonly Row[] = [
  ...all(DATA, '1000', '1001', '1008', '28001038', '28005001'),
  ...all(STOPPED, '1009', '28001016', '28001018', '28001019'),
  ...all(['account', 1], '1010', '28006003'),
  ...all(['account', 3], '12001'),
  ...all(['account', 60], '28005004'),
  ...all(['again'], '2000', '-1', '13000', '23000', '28001005', '28005002'),
  ...all(['refused'], '28014043'),
  // The token is renewed, and the message is sent.
  ...all(['again'], '28001003', '28001008', '40014'),
];

describe.each([
  ['alipay', ALIPAY],
  ['douyin', DOUYIN],
] as const)('what %s answers to a message', (platform, rows) => {
  let minibase: Minibase;
  let shop: Sending;
  beforeAll(async () => {
    minibase = await startMinibase({ redisUrl: undefined });
    shop = await Sending.open(minibase, 'one_time', platform);
  });
  afterAll(() => minibase.close());

  const resume = () => asServer(minibase, shop.app, 'POST', `/v1/message-accounts/${shop.accountId}/resume`);
  const pausedUntil = async () =>
    (await shop.sql<{ at: Date | null }>('select paused_until as at from message_accounts where app_id = $1', [shop.app.appId]))[0]?.at?.getTime() ?? 0; // prettier-ignore
  const dueOf = async (id: string) =>
    (await shop.sql<{ due: Date | null }>('select due_at as due from notifications where id = $1', [id]))[0]!.due;
  /** Both clocks pass what the message waits for. */
  const pass = async (id: string) => {
    const due = await dueOf(id);
    if (due) await shop.advance(Math.max(0, due.getTime() - new Date(await shop.at(0)).getTime()) / 1_000 + 1);
    await resume();
  };

  test.each(rows.filter(([, [kind]]) => kind !== 'person'))('%s: %j', async (code, [kind, more]) => {
    const user = `person-${code}`;
    const ming = await shop.person(user);
    await shop.fault('code', { code });
    const before = minibase.clock.now().getTime();
    const { id } = await shop.send(ming.user.id);
    switch (kind) {
      case 'failed':
        expect(await shop.ended(id)).toMatchObject({ status: 'failed', reason: more, platformCode: expect.stringContaining(code) as string }); // prettier-ignore
        expect(await shop.counts(ming)).toEqual([1, 0, 0]);
        break;
      case 'refused':
        expect(await shop.ended(id)).toMatchObject({ status: 'refused', reason: 'user_refused' });
        expect(await shop.counts(ming)).toEqual([0, 0, 0]);
        break;
      case 'unknown':
        expect(await shop.ended(id)).toMatchObject({ status: 'unknown', reason: 'no_answer' });
        expect(await shop.counts(ming)).toEqual([0, 0, 1]);
        break;
      case 'account': {
        await until('the account waits', async () => (await pausedUntil()) > before);
        const seconds = ((await pausedUntil()) - before) / 1_000;
        expect(seconds).toBeGreaterThanOrEqual(more);
        expect(seconds).toBeLessThan(more * 1.25 + 5);
        if (seconds > 10) {
          await until('the consent is back', async () => (await shop.counts(ming))[0] === 1);
          await pass(id);
        }
        expect(await shop.ended(id)).toMatchObject({ status: 'sent' });
        break;
      }
      case 'again':
        expect(await shop.ended(id)).toMatchObject({ status: 'sent' });
        expect(await shop.counts(ming)).toEqual([0, 0, 0]);
        // A token that is refused at once again would not be renewed again.
        minibase.clock.advance({ seconds: 20 });
        break;
      case 'person':
        throw new Error('is tried below');
    }
    const arrives = kind === 'again' || kind === 'account';
    expect(await shop.inbox(user)).toHaveLength(arrives ? 1 : 0);
  });

  // Last, because it moves the clock by up to a day.
  const enough = async (code: string): Promise<void> => {
    const ming = await shop.person('enough', 2);
    const hong = await shop.person('not-enough');
    await shop.fault('code', { code });
    const over = { expiresAt: await shop.at(3 * 24 * 3_600) };
    const now = minibase.clock.now().getTime();
    const first = await shop.send(ming.user.id, over);
    const blockedUntil = async () =>
      (await shop.sql<{ at: Date | null }>('select blocked_until as at from message_consents where app_id = $1 and openid = $2', [shop.app.appId, ming.identity.openid]))[0]!.at?.getTime() ?? 0; // prettier-ignore
    await until('the person waits', async () => (await blockedUntil()) > now);
    const tomorrow = nextChinaDay(now);
    expect(await blockedUntil()).toBe(tomorrow);
    const second = await shop.send(ming.user.id, over);
    expect(await shop.ended((await shop.send(hong.user.id)).id)).toMatchObject({ status: 'sent' });
    const ahead = new Date(await shop.at(0)).getTime() - minibase.clock.now().getTime();
    for (const { id } of [first, second]) {
      await until('it waits for tomorrow', async () => Math.abs(((await dueOf(id))?.getTime() ?? 0) - ahead - tomorrow) < 1_000); // prettier-ignore
      expect((await shop.read(id)).status).toBe('queued');
    }
    expect(await shop.counts(ming)).toEqual([2, 0, 0]);
    expect(await pausedUntil()).toBeLessThan(minibase.clock.now().getTime() + 1_000);
    minibase.clock.advance({ seconds: Math.ceil((tomorrow - minibase.clock.now().getTime()) / 1_000) + 1 });
    await resume();
    for (const { id } of [first, second]) expect(await shop.ended(id)).toMatchObject({ status: 'sent' });
    expect(await shop.inbox('enough')).toHaveLength(2);
  };
  for (const [code, [kind]] of rows) {
    if (kind === 'person') test(`${code}: the person waits, and nobody else`, () => enough(code));
  }
});
