import { DomainError } from '../common/errors.js';
import { type MessageRules, placeholderProblem, renderMessage, tryRendering } from './rendering.js';
import type { MessageTemplate } from './template.js';
import type { Variable, VariableType, VariableValue } from './variables.js';
import { dataProblems, shown } from './variables.js';

/** Rules of no platform: texts of at most 12, an amount is never cut, pages have no spaces. */
const RULES: MessageRules = {
  page: (page) =>
    page.includes(' ') ? { fits: false, detail: 'no spaces' } : { fits: true, text: page, isShortened: false },
  fit: (field, text) => {
    if (text === '') return { fits: false, detail: 'must not be empty' };
    if (text.length <= 12) return { fits: true, text, isShortened: false };
    return field.startsWith('amount')
      ? { fits: false, detail: 'at most 12 characters' }
      : { fits: true, text: `${text.slice(0, 11)}…`, isShortened: true };
  },
  dataProblem: (fields) => (Object.keys(fields).length > 3 ? 'at most 3 fields' : undefined),
};

const variable = (name: string, type: VariableType, example: VariableValue): Variable => ({ name, type, example });
const VARIABLES = [
  variable('item', 'text', 'Coffee'),
  variable('total', 'amount', 1234),
  variable('at', 'datetime', '2026-11-20T07:01:00Z'),
];
const TEMPLATE: Pick<MessageTemplate, 'key' | 'timeZone' | 'variables' | 'platforms'> = {
  key: 'order.shipped',
  timeZone: 'Asia/Shanghai',
  variables: VARIABLES,
  platforms: {
    wechat: {
      templateId: 'one',
      kind: 'one_time',
      fields: { thing1: '{{item}}', amount2: '{{ total }}', thing3: 'on {{at}}' },
      page: 'pages/order?item={{item}}&total={{total}}',
      accounts: { wxgame: { templateId: 'two' }, wxshop: { templateId: 'three', fields: { thing9: 'the {{item}}' } } },
    },
  },
};
const DATA = { item: 'Tea', total: 990, at: '2026-11-20T15:01:00+08:00' };
const wechat = { platform: 'wechat' } as const;
const thrown = (act: () => unknown): DomainError => {
  try {
    act();
  } catch (error) {
    if (error instanceof DomainError) return error;
  }
  throw new Error('nothing was thrown');
};

describe('a value', () => {
  test.each<[VariableType, VariableValue, string]>([
    ['text', '  as it is ', '  as it is '],
    ['text', '', ''],
    ['number', 12.5, '12.5'],
    ['number', '0012', '0012'],
    ['amount', 0, '¥0.00'],
    ['amount', 1234, '¥12.34'],
    ['amount', 5, '¥0.05'],
    ['date', '2026-11-20', '2026年11月20日'],
    ['date', '2028-02-29', '2028年2月29日'],
    ['datetime', '2026-11-20T15:01:00+08:00', '2026年11月20日 15:01'],
    ['datetime', '2026-11-20T17:30:59.999Z', '2026年11月21日 01:30'],
    ['datetime', '2026-11-20t17:30:59z', '2026年11月21日 01:30'],
    ['time', '15:01', '15:01'],
    ['phone', '+86 138 0013 8000', '+86 138 0013 8000'],
  ])('%s %j is read as %s', (type, value, read) => {
    expect(shown(type, value, 'Asia/Shanghai')).toBe(read);
  });

  test.each<[VariableType, VariableValue]>([
    ['text', 1],
    ['text', 'x'.repeat(1_001)],
    ['number', 'many'],
    ['number', 1e21],
    ['number', ''],
    ['amount', 12.5],
    ['amount', -1],
    ['amount', '1234'],
    ['amount', 10_000_000_001],
    ['date', '2026-11-31'],
    ['date', '2027-02-29'],
    ['date', '2026-11-20T00:00:00Z'],
    ['date', 20261120],
    ['datetime', '2026-11-20 15:01'],
    ['datetime', '2026-11-20T15:01:00'],
    ['datetime', '2026-11-20T25:01:00Z'],
    ['datetime', '2026-13-20T15:01:00Z'],
    ['time', '24:00'],
    ['time', '3:00'],
    ['phone', 'call me'],
    ['phone', 13800138000],
  ])('%s %j is none', (type, value) => {
    expect(shown(type, value, 'Asia/Shanghai')).toBeUndefined();
  });

  test('is read in the zone of the template, summer time and all', () => {
    const read = (at: string) => shown('datetime', at, 'Europe/Berlin');
    expect(read('2026-07-01T12:00:00Z')).toBe('2026年7月1日 14:00');
    expect(read('2026-12-01T12:00:00Z')).toBe('2026年12月1日 13:00');
  });
});

describe('rendering', () => {
  test('fills fields for people, and pages for machines', () => {
    expect(renderMessage(RULES, TEMPLATE, wechat, { ...DATA, item: 'Té & 茶' })).toEqual({
      templateId: 'one',
      fields: { thing1: 'Té & 茶', amount2: '¥9.90', thing3: 'on 2026年11月…' },
      page: 'pages/order?item=T%C3%A9%20%26%20%E8%8C%B6&total=990',
    });
  });

  test('takes the page of the message before that of the template', () => {
    const page = 'pages/sale?of={{item}}';
    expect(renderMessage(RULES, TEMPLATE, { ...wechat, page }, DATA).page).toBe('pages/sale?of=Tea');
    expect(renderMessage(RULES, TEMPLATE, { ...wechat, page: null }, DATA).page).toBe('pages/order?item=Tea&total=990');
  });

  test('takes what a mini-program has of its own', () => {
    expect(renderMessage(RULES, TEMPLATE, { ...wechat, platformAppId: 'wxgame' }, DATA)).toMatchObject({
      templateId: 'two',
      fields: { thing1: 'Tea' },
    });
    expect(renderMessage(RULES, TEMPLATE, { ...wechat, platformAppId: 'wxshop' }, DATA)).toMatchObject({
      templateId: 'three',
      fields: { thing9: 'the Tea' },
    });
    expect(renderMessage(RULES, TEMPLATE, { ...wechat, platformAppId: 'constructor' }, DATA).templateId).toBe('one');
  });

  test('tells what it has cut', () => {
    const { shortened, problems } = tryRendering(RULES, TEMPLATE, wechat, { ...DATA, item: 'A very long name' });
    expect([shortened, problems]).toEqual([['thing1', 'thing3'], []]);
  });

  test('names every field and rule that is broken', () => {
    const { status, code, message, extra } = thrown(() =>
      renderMessage(RULES, TEMPLATE, { ...wechat, page: 'a page' }, { item: '', total: 10_000_000_000, at: 'noon' }),
    );
    expect([status, code]).toEqual([422, 'message_data_invalid']);
    expect(extra.errors).toEqual([
      { path: 'data.at', message: 'must be a date and time with its offset, like 2026-11-20T15:01:00+08:00' },
      { path: 'platforms.wechat.fields.thing1', message: 'must not be empty' },
      { path: 'platforms.wechat.fields.amount2', message: 'at most 12 characters' },
      { path: 'page', message: 'no spaces' },
    ]);
    expect(message).toContain('platforms.wechat.fields.amount2: at most 12 characters');
  });

  test('puts a value in once: what looks like a variable in it stays as it is', () => {
    const { fields } = renderMessage(RULES, TEMPLATE, wechat, { ...DATA, item: '{{at}} $& $1' });
    expect(fields['thing1']).toBe('{{at}} $& $1');
  });

  test('knows nothing but its variables', () => {
    const platforms = { wechat: { ...TEMPLATE.platforms.wechat!, fields: { thing1: '{{constructor}}' } } };
    const { problems } = tryRendering(RULES, { ...TEMPLATE, platforms }, wechat, DATA);
    expect(problems).toEqual([{ path: 'data.constructor', message: 'the template has no such variable' }]);
  });

  test('checks all fields together, once each of them fits', () => {
    const fields = { a: '1', b: '2', c: '3', d: '4' };
    const platforms = { wechat: { ...TEMPLATE.platforms.wechat!, fields } };
    const { problems } = tryRendering(RULES, { ...TEMPLATE, platforms }, wechat, DATA);
    expect(problems).toEqual([{ path: 'platforms.wechat.fields', message: 'at most 3 fields' }]);
  });

  test('has nothing to say where the template is not mapped', () => {
    expect(thrown(() => renderMessage(RULES, TEMPLATE, { platform: 'alipay' }, DATA)).code).toBe(
      'message_template_not_mapped',
    );
  });
});

test('data must have each variable and nothing else', () => {
  expect(dataProblems(VARIABLES, 'Asia/Shanghai', DATA)).toEqual([]);
  expect(dataProblems(VARIABLES, 'Asia/Shanghai', { item: 'Tea', total: '1', itm: 'Tea' })).toEqual([
    { path: 'data.itm', message: 'the template has no such variable' },
    { path: 'data.total', message: 'must be an amount: an integer of fen, not negative' },
    { path: 'data.at', message: 'is missing' },
  ]);
});

test.each([
  ['{{item}} and {{ total }}', undefined],
  ['no variable at all', undefined],
  ['{{itm}}', '{{itm}} is not a variable of this template'],
  ['{{}}', '{{}} is not a variable of this template'],
  ['{{item', 'has {{ or }} without a variable between them'],
  ['item}}', 'has {{ or }} without a variable between them'],
])('the placeholders of %j', (text, problem) => {
  expect(placeholderProblem(text, VARIABLES)).toBe(problem);
});
