import { anApp, aProgram, asServer, sandbox, type TestApp } from '../support/client.js';
import { startMinibase, type Minibase } from '../support/minibase.js';
import { stockTemplates } from './support/stock-templates.js';

interface Template {
  id: string;
  key: string;
  name: string;
  timeZone: string;
  variables: { name: string; type: string; example: string | number }[];
  platforms: Record<string, { templateId: string; kind: string; fields: Record<string, string> }>;
  createdAt: string;
  updatedAt: string;
}
type Refusal = { code?: string; detail?: string; errors?: { path: string; message: string }[] };
interface Preview extends Refusal {
  platforms: Record<string, { templateId: string; fields: object; page: string | null; shortened: string[]; problems: object[] }>; // prettier-ignore
}

const TEMPLATE_ID = 'qz8Jv5wW2nPpYt0kR4sLx7bCd1eFg3hIj6mNo9uVaXy';
const variables = [
  { name: 'item', type: 'text', example: 'Coffee beans' },
  { name: 'total', type: 'amount', example: 1234 },
  { name: 'at', type: 'datetime', example: '2026-11-20T15:01:00+08:00' },
];
const wechat = {
  templateId: TEMPLATE_ID,
  fields: { thing1: '{{item}}', amount2: '{{total}}', time3: '{{at}}' },
  page: 'pages/order?item={{item}}',
};
const aBody = (over: object = {}) => ({ key: 'order.shipped', variables, platforms: { wechat }, ...over });

describe('message templates', () => {
  let minibase: Minibase;
  let app: TestApp;
  beforeAll(async () => {
    minibase = await startMinibase();
  });
  beforeEach(async () => {
    app = await anApp(minibase, []);
  });
  afterAll(() => minibase.close());

  const ask = <T = Template & Refusal>(method: string, path = '', body?: unknown, key?: string) =>
    asServer<T>(minibase, app, method, `/v1/message-templates${path}`, { body, ...(key === undefined ? {} : { key }) });
  const made = async (over: object = {}) => {
    const { status, body } = await ask('POST', '', aBody(over));
    expect({ status, body }).toMatchObject({ status: 201 });
    return body;
  };
  const preview = async (body: object, key = 'order.shipped') =>
    (await ask<Preview>('POST', `/${key}/preview`, body)).body;

  test('are made, and read by id and by key', async () => {
    const { status, body } = await ask('POST', '', aBody());
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.stringMatching(/^tpl_[0-9a-f]{32}$/),
      key: 'order.shipped',
      name: 'order.shipped',
      timeZone: 'Asia/Shanghai',
      variables,
      platforms: { wechat: { ...wechat, kind: 'one_time' } },
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    });
    for (const by of [body.id, body.key]) expect((await ask('GET', `/${by}`)).body).toEqual(body);
  });

  test('are listed newest first, page by page, and by platform', async () => {
    const first = await made();
    const alipay = { templateId: '0'.repeat(32), fields: { keyword1: '{{item}}' } };
    const second = await made({ key: 'order.paid', platforms: { alipay } });
    type Page = { data: Template[]; nextCursor: string | null };
    const { body: page } = await ask<Page>('GET', '?limit=1');
    expect(page.data).toEqual([second]);
    const { body: rest } = await ask<Page>('GET', `?limit=1&cursor=${page.nextCursor}`);
    expect(rest).toEqual({ data: [first], nextCursor: null });
    expect((await ask<Page>('GET', '?platform=wechat')).body.data).toEqual([first]);
    expect((await ask<Page>('GET', '?platform=douyin')).body.data).toEqual([]);
  });

  test('change field by field, the key included', async () => {
    const template = await made();
    const { body: renamed } = await ask('PATCH', '/order.shipped', { key: 'order.sent', name: 'On its way' });
    expect(renamed).toEqual({ ...template, key: 'order.sent', name: 'On its way', updatedAt: renamed.updatedAt });
    expect((await ask('GET', '/order.shipped')).status).toBe(404);
    const { body: moved } = await ask('PATCH', '/order.sent', { timeZone: 'Europe/Berlin' });
    expect(moved).toMatchObject({ key: 'order.sent', timeZone: 'Europe/Berlin', platforms: template.platforms });
    expect(await preview({}, 'order.sent')).toMatchObject({
      platforms: { wechat: { fields: { time3: '2026年11月20日 08:01' } } },
    });
    const { body } = await ask('PATCH', '/order.sent', { variables: [] });
    expect(body).toMatchObject({ code: 'validation_failed', detail: expect.stringContaining('{{item}}') });
    expect((await ask('GET', '/order.sent')).body).toEqual(moved);
  });

  test('have a key of their own', async () => {
    await made();
    await made({ key: 'other' });
    expect(await ask('POST', '', aBody())).toMatchObject({ status: 409, body: { code: 'message_template_key_taken' } });
    expect(await ask('PATCH', '/other', { key: 'order.shipped' })).toMatchObject({
      status: 409,
      body: { code: 'message_template_key_taken' },
    });
    const other = await anApp(minibase, []);
    expect((await asServer(minibase, other, 'POST', '/v1/message-templates', { body: aBody() })).status).toBe(201);
  });

  test('are deleted, unless a message was made of one', async () => {
    const { id } = await made();
    const kept = await made({ key: 'kept' });
    await minibase.database.dataSource.query(
      `insert into notification_counts (app_id, template_id, platform, day, status, count)
      values ($1, $2, 'wechat', '2026-11-20', 'sent', 3), ($1, $2, 'wechat', '2026-11-21', 'refused', 1)`,
      [app.appId, kept.id],
    );
    expect((await ask('DELETE', `/${id}`)).status).toBe(204);
    expect(await ask('GET', `/${id}`)).toMatchObject({ status: 404, body: { code: 'message_template_not_found' } });
    expect(await ask('DELETE', '/order.shipped')).toMatchObject({ status: 404 });
    expect(await ask('DELETE', '/kept')).toMatchObject({ status: 409, body: { code: 'message_template_in_use' } });
    expect((await ask('GET', '/kept/counts?from=2026-11-01&to=2026-11-20')).body).toEqual({
      from: '2026-11-01',
      to: '2026-11-20',
      data: [{ day: '2026-11-20', platform: 'wechat', status: 'sent', count: 3 }],
    });
    const { body } = await ask<{ from: string; to: string }>('GET', '/kept/counts?to=2026-12-15');
    expect(body).toMatchObject({ from: '2026-11-16', data: [{ day: '2026-11-20' }, { day: '2026-11-21' }] });
    for (const query of ['from=2026-11-02&to=2026-11-01', 'from=2020-01-01', 'from=yesterday', 'to=2026-02-30']) {
      expect(await ask('GET', `/kept/counts?${query}`)).toMatchObject({ status: 400 });
    }
  });

  describe('are checked when they are saved', () => {
    const errorsOf = async (over: object) => {
      const { status, body } = await ask('POST', '', aBody(over));
      expect([status, body.code]).toEqual([400, 'validation_failed']);
      return Object.fromEntries(body.errors!.map(({ path, message }) => [path, message]));
    };
    const fields = (given: Record<string, string>) => ({ platforms: { wechat: { ...wechat, fields: given } } });

    test('by the rules of each field, with the examples', async () => {
      expect(await errorsOf(fields({ phrase1: '{{item}}', amount2: '{{item}}', thing3: '{{item}}' }))).toEqual({
        'platforms.wechat.fields.phrase1': expect.stringContaining('at most 5 Chinese characters'),
        'platforms.wechat.fields.amount2': expect.stringContaining('at most 10 digits'),
      });
      const lines = [{ name: 'item', type: 'text', example: 'two\nlines' }];
      expect(await errorsOf({ variables: lines, ...fields({ thing1: '{{item}}' }) })).toEqual({
        'platforms.wechat.fields.thing1': expect.stringContaining('line breaks'),
      });
    });

    test('by the names of fields and variables', async () => {
      expect(await errorsOf(fields({ thing: '{{item}}', thing2: '{{itm}}', thing3: '{{item' }))).toEqual({
        'platforms.wechat.fields.thing': expect.stringContaining('is no field of a WeChat template'),
        'platforms.wechat.fields.thing2': '{{itm}} is not a variable of this template',
        'platforms.wechat.fields.thing3': 'has {{ or }} without a variable between them',
      });
    });

    test('by the form of ids, in every mini-program', async () => {
      const accounts = { nowhere: { templateId: 'short', fields: { phrase1: '{{item}}' } } };
      expect(await errorsOf({ platforms: { wechat: { ...wechat, templateId: 'x', accounts } } })).toEqual({
        'platforms.wechat.templateId': expect.any(String),
        'platforms.wechat.accounts.nowhere': expect.any(String),
        'platforms.wechat.accounts.nowhere.templateId': expect.any(String),
      });
      const ours = { wx0123456789abcdef: { templateId: TEMPLATE_ID, fields: { phrase1: '{{item}}' } } };
      expect(await errorsOf({ platforms: { wechat: { ...wechat, accounts: ours } } })).toEqual({
        'platforms.wechat.accounts.wx0123456789abcdef.fields.phrase1': expect.stringContaining('Chinese'),
      });
    });

    test('by the types of their examples', async () => {
      const wrong = [
        { name: 'item', type: 'date', example: '2026-11-31' },
        { name: 'total', type: 'amount', example: '12.34' },
        { name: 'at', type: 'datetime', example: '2026-11-20T15:01:00' },
      ];
      expect(await errorsOf({ variables: wrong })).toEqual({
        'variables.0.example': 'must be a date like 2026-11-20',
        'variables.1.example': 'must be an amount: an integer of fen, not negative',
        'variables.2.example': expect.stringContaining('with its offset'),
      });
    });

    test('by where a page leads', async () => {
      const page = 'https://elsewhere.example/{{item}}';
      expect(await errorsOf({ platforms: { wechat: { ...wechat, page } } })).toEqual({
        'platforms.wechat.page': expect.stringContaining('page of the mini-program itself'),
      });
    });

    test.each([
      ['a key in capitals', { key: 'Order' }],
      ['a key like an id', { key: 'tpl_shipped' }],
      ['a key of 65 characters', { key: 'a'.repeat(65) }],
      ['a name twice', { variables: [...variables, variables[0]] }],
      ['21 variables', { variables: Array.from({ length: 21 }, (_, n) => ({ ...variables[0], name: `v${n}` })) }],
      ['a variable of no type', { variables: [{ name: 'item', type: 'colour', example: 'red' }] }],
      ['11 fields', fields(Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`thing${n}`, 'x'])))],
      ['no field', fields({})],
      ['a text of 1,001 characters', fields({ thing1: 'x'.repeat(1_001) })],
      ['another platform', { platforms: { nowhere: wechat } }],
      ['an unknown member', { colour: 'red' }],
      ['no such zone', { timeZone: 'Mars/Olympus' }],
    ])('%s is refused', async (_, over) => {
      expect(await ask('POST', '', aBody(over))).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
    });
  });

  describe('are previewed', () => {
    test('with the examples, or with data', async () => {
      await made();
      const examples = {
        templateId: TEMPLATE_ID,
        fields: { thing1: 'Coffee beans', amount2: '¥12.34', time3: '2026年11月20日 15:01' },
        page: 'pages/order?item=Coffee%20beans',
        shortened: [],
        problems: [],
      };
      expect(await preview({})).toEqual({ platforms: { wechat: examples } });
      const item = '一二三四五六七八九十一二三四五六七八九十又';
      expect(
        await preview({ data: { item, total: 990, at: '2026-11-20T23:00:00Z' }, platform: 'wechat' }),
      ).toMatchObject({
        platforms: {
          wechat: {
            fields: { thing1: `${item.slice(0, 19)}…`, amount2: '¥9.90', time3: '2026年11月21日 07:00' },
            shortened: ['thing1'],
            problems: [],
          },
        },
      });
    });

    test('with what is wrong', async () => {
      await made();
      const { platforms } = await preview({ data: { item: '', total: 1.5, colour: 'red' } });
      expect(platforms['wechat']!.problems).toEqual([
        { path: 'data.colour', message: 'the template has no such variable' },
        { path: 'data.total', message: 'must be an amount: an integer of fen, not negative' },
        { path: 'data.at', message: 'is missing' },
        { path: 'platforms.wechat.fields.thing1', message: 'must not be empty' },
      ]);
    });

    test('where a platform wants a page and has none', async () => {
      const alipay = { templateId: '0'.repeat(32), fields: { keyword1: '{{item}}', keyword2: '{{total}}' } };
      await made({ platforms: { alipay } });
      const { platforms } = await preview({});
      expect(platforms['alipay']).toMatchObject({
        fields: { keyword1: 'Coffee beans', keyword2: '¥12.34' },
        page: null,
        problems: [{ path: 'platforms.alipay.page', message: expect.stringContaining('is needed') }],
      });
    });

    test('for a mini-program of the app', async () => {
      const { platformAppId } = await aProgram(minibase, app.secretKey, 'wechat');
      const own = { templateId: TEMPLATE_ID.replace('q', 'Q'), fields: { thing9: 'for {{item}}' } };
      await made({ platforms: { wechat: { ...wechat, accounts: { [platformAppId]: own } } } });
      expect((await preview({ platform: 'wechat', platformAppId })).platforms['wechat']).toMatchObject({
        templateId: own.templateId,
        fields: { thing9: 'for Coffee beans' },
      });
      expect((await preview({ platform: 'wechat' })).platforms['wechat']).toMatchObject({ templateId: TEMPLATE_ID });
      expect((await preview({ platform: 'wechat', platformAppId: 'wx0123456789abcdef' })).code).toBe(
        'platform_account_missing',
      );
      expect((await preview({ platformAppId })).code).toBe('validation_failed');
    });

    test('not for a platform without a mapping', async () => {
      await made();
      expect((await preview({ platform: 'douyin' })).code).toBe('message_template_not_mapped');
      expect((await preview({}, 'nothing')).code).toBe('message_template_not_found');
    });
  });

  describe('are imported', () => {
    interface Imported extends Refusal {
      data: Template[];
      skipped: number;
      refused: object[];
    }
    const imported = (body: object, key?: string) => ask<Imported>('POST', '/import', body, key);

    test('from WeChat: each once, with its fields as variables', async () => {
      const program = await aProgram(minibase, app.secretKey, 'wechat');
      const stock = await stockTemplates(minibase, 'wechat', program.platformAppId);
      expect(stock.length).toBeGreaterThan(1);
      const [first, ...rest] = stock;
      const known = { templateId: first!.templateId, fields: { [first!.fields[0]!.name]: first!.fields[0]!.example } };
      await made({ platforms: { wechat: known } });

      const { status, body } = await imported({ platform: 'wechat' }, 'import-1');
      expect(status).toBe(201);
      expect(body).toMatchObject({ skipped: 1, refused: [] });
      expect(body.data.map(({ key, name, variables, platforms }) => ({ key, name, variables, platforms }))).toEqual(
        rest.map(({ templateId, title, kind, fields }) => ({
          key: `wechat.${templateId.slice(0, 8).toLowerCase()}`,
          name: title,
          variables: fields.map(({ name, example }) => ({ name, type: 'text', example })),
          platforms: {
            wechat: { templateId, kind, fields: Object.fromEntries(fields.map(({ name }) => [name, `{{${name}}}`])) },
          },
        })),
      );
      const repeated = await imported({ platform: 'wechat' }, 'import-1');
      expect([repeated.headers.get('idempotent-replayed'), repeated.body]).toEqual(['true', body]);
      expect((await imported({ platform: 'wechat' })).body).toEqual({ data: [], skipped: stock.length, refused: [] });
    });

    test('once, however many ask at once', async () => {
      await aProgram(minibase, app.secretKey, 'wechat');
      const answers = await Promise.all(Array.from({ length: 5 }, () => imported({ platform: 'wechat' })));
      const ids = answers.flatMap(({ body }) => body.data.map(({ platforms }) => platforms['wechat']!.templateId));
      expect(ids.length).toBeGreaterThan(1);
      expect(new Set(ids).size).toBe(ids.length);
    });

    test('from Douyin, whose fields have Chinese names', async () => {
      const program = await aProgram(minibase, app.secretKey, 'douyin');
      const stock = await stockTemplates(minibase, 'douyin', program.platformAppId);
      const { body } = await imported({ platform: 'douyin' });
      expect(body).toMatchObject({ skipped: 0, refused: [] });
      expect(body.data.map(({ platforms }) => platforms['douyin']!.templateId).sort()).toEqual(
        stock.map(({ templateId }) => templateId).sort(),
      );
      expect(body.data.every(({ key }) => key.startsWith('douyin.'))).toBe(true);
      for (const { key } of body.data) {
        expect((await preview({}, key)).platforms['douyin']).toMatchObject({ problems: [] });
      }
    });

    test('not from Alipay, which has no list, nor without an account', async () => {
      await aProgram(minibase, app.secretKey, 'alipay');
      expect(await imported({ platform: 'alipay' })).toMatchObject({
        status: 422,
        body: { code: 'platform_capability_missing' },
      });
      expect(await imported({ platform: 'wechat' })).toMatchObject({
        status: 422,
        body: { code: 'platform_account_missing' },
      });
    });

    test('and what the platform says is told', async () => {
      await aProgram(minibase, app.secretKey, 'wechat');
      const match = { platform: 'wechat', path: '/wxaapi/newtmpl/gettemplate' };
      await sandbox(minibase, 'faults', { match, kind: 'timeout_after', times: 1 });
      const lost = await imported({ platform: 'wechat' }, 'import-2');
      if (lost.status !== 201) expect(lost.body.code).toMatch(/^platform_/);
      const { status, body } = await imported({ platform: 'wechat' }, 'import-2');
      expect([status, body.data.length > 0]).toEqual([201, true]);
    });
  });
});
