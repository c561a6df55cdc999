// Writes the tables and diagrams of docs/ that follow from the code, between their markers. With --check it only compares.
import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { z } from 'zod';
import { PROBLEMS } from '../dist/common/problems.js';
import { EVENT_TYPES } from '../dist/events/event-types.js';
import { NOTIFICATION_MOVES, NOTIFICATION_STATUSES } from '../dist/notifications/moves.js';
import {
  ATTEMPT_MOVES,
  ATTEMPT_STATUSES,
  PAYMENT_MOVES,
  PAYMENT_STATUSES,
  REFUND_MOVES,
  REFUND_STATUSES,
} from '../dist/payments/moves.js';
import { ALIPAY_ERRORS } from '../dist/platforms/alipay/alipay.errors.js';
import { SEND_ERRORS as ALIPAY_SENDS } from '../dist/platforms/alipay/alipay.messages.errors.js';
import { AlipayPlatform } from '../dist/platforms/alipay/alipay.platform.js';
import { CLOSE_ERRORS, CREATE_ERRORS, REFUND_ERRORS } from '../dist/platforms/alipay/alipay.trade.errors.js';
import { DouyinPlatform } from '../dist/platforms/douyin/douyin.platform.js';
import { DOUYIN_ERRORS } from '../dist/platforms/douyin/errors.js';
import { SEND_ERRORS as DOUYIN_SENDS } from '../dist/platforms/douyin/messages/send.errors.js';
import { REFUND_CODES, TRADE_ERRORS } from '../dist/platforms/douyin/pay/pay.errors.js';
import { PLATFORM_PROBLEMS } from '../dist/platforms/errors.js';
import { WECHAT_ERRORS } from '../dist/platforms/wechat/errors.js';
import { SEND_ERRORS as WECHAT_SENDS } from '../dist/platforms/wechat/messages/send.errors.js';
import { ERRORS as WECHAT_PAY_ERRORS } from '../dist/platforms/wechat/pay/pay.errors.js';
import { WechatPlatform } from '../dist/platforms/wechat/wechat.platform.js';
import {
  INVOICE_MOVES,
  INVOICE_STATUSES,
  SUBSCRIPTION_MOVES,
  SUBSCRIPTION_STATUSES,
} from '../dist/subscriptions/moves.js';

const row = (...cells) => `| ${cells.join(' | ')} |`;
const problems = [
  ...Object.entries(PROBLEMS).map(([code, { status, title }]) => [status, code, title]),
  ...Object.entries(PLATFORM_PROBLEMS).map(([code, { status, say }]) => [status, code, say]),
].sort(([a, x], [b, y]) => a - b || x.localeCompare(y));

/** What is said and done beside the problem itself. */
function remedy({ problem, detail, repeats, retryAfter }) {
  const more = [
    ...(repeats ? [`First tried again, up to ${repeats} more.`] : []),
    ...(retryAfter ? [`\`Retry-After: ${retryAfter}\`.`] : []),
  ];
  return [detail ?? PLATFORM_PROBLEMS[problem].say, ...more].join(' ');
}

/** A platform's error table, one line for all codes that mean the same. `sections` by the name of the call they are of. */
function errorTable(sections) {
  const several = Object.keys(sections).length > 1;
  const lines = new Map();
  for (const [call, rows] of Object.entries(sections)) {
    for (const [code, errorRow] of Object.entries(rows)) {
      const meaning = row(...(several ? [call] : []), `\`${errorRow.problem}\``, remedy(errorRow));
      lines.set(meaning, [...(lines.get(meaning) ?? []), `\`${code}\``]);
    }
  }
  const head = ['code', ...(several ? ['of'] : []), 'becomes', 'what it says'];
  const body = [...lines].map(([meaning, codes]) => `| ${codes.join(', ')} ${meaning}`);
  return [row(...head), row(...head.map(() => '---')), ...body];
}

/** Lines of a table by what they say, so that codes with the same meaning share one. */
function grouped(head, entries) {
  const lines = new Map();
  for (const [code, ...cells] of entries) {
    const meaning = row(...cells);
    lines.set(meaning, [...(lines.get(meaning) ?? []), `\`${code}\``]);
  }
  return [
    row(...head),
    row(...head.map(() => '---')),
    ...[...lines].map(([meaning, codes]) => `| ${codes.join(', ')} ${meaning}`),
  ];
}

const span = (seconds) => {
  if (seconds % 3600 === 0) return `${seconds / 3600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
};

/** A table of moves as a diagram: `moves` by what happened. */
function diagram(statuses, moves) {
  const arrows = Object.entries(moves).flatMap(([what, { from, to }]) =>
    from.map((one) => `  ${one} --> ${to}: ${what}`),
  );
  const hasEnd = (status) => !Object.values(moves).some(({ from }) => from.includes(status));
  const ends = statuses.filter(hasEnd).map((status) => `  ${status} --> [*]`);
  return ['```mermaid', 'stateDiagram-v2', `  [*] --> ${statuses[0]}`, ...arrows, ...ends, '```'];
}

// Nothing is called: what stands in the tables is fixed.
const PLATFORMS = {
  WeChat: new WechatPlatform().payments,
  Alipay: new AlipayPlatform().payments,
  Douyin: new DouyinPlatform().payments,
};

function asking() {
  const schedule = (seconds) => `${seconds.map(span).join(', ')}, and so on`;
  const head = ['platform', 'a payment is asked about after', 'a refund after', 'refunds of one payment are apart'];
  const body = Object.entries(PLATFORMS).map(([name, { askAfter, refundSpacing }]) =>
    row(name, schedule(askAfter.payment), schedule(askAfter.refund), refundSpacing === 0 ? '–' : span(refundSpacing)),
  );
  return [row(...head), row(...head.map(() => '---')), ...body];
}

/** A field's type in a word, from its JSON Schema. */
function typeOf({ type, enum: values, const: value, anyOf, items, minItems, maxItems }) {
  if (values) return values.map((one) => `\`${one}\``).join(', ');
  if (value !== undefined) return `\`${value}\``;
  if (anyOf) return anyOf.map(typeOf).join(', ');
  if (type === 'array') return `list${minItems === 1 && maxItems === 1 ? ' of one' : ''}: ${typeOf(items)}`;
  return type;
}

/** What only one platform wants of a payment. */
function settingsTable({ settings, requiredSettings }) {
  const { properties } = z.toJSONSchema(settings, { unrepresentable: 'any', io: 'input' });
  const head = ['field', 'needed', 'form', 'what'];
  const body = Object.entries(properties).map(([field, schema]) =>
    row(`\`${field}\``, requiredSettings.includes(field) ? 'yes' : '', typeOf(schema), schema.description ?? ''),
  );
  return [row(...head), row(...head.map(() => '---')), ...body];
}

const wechatPay = () =>
  grouped(
    ['code', 'means', 'what it says'],
    Object.entries(WECHAT_PAY_ERRORS).map(([code, { means, detail = '' }]) => [
      code,
      means.replaceAll('_', ' '),
      detail,
    ]),
  );

/** Alipay's rows are an answer that decides something, or a problem like any other. */
function tradeMeaning({ kind, problem, detail, retryAfter }) {
  const said = detail ?? PLATFORM_PROBLEMS[problem]?.say;
  if (problem) return [`\`${problem}\``, said];
  return [kind === 'later' ? `later: after ${span(retryAfter)}` : kind, said];
}

function alipayTrades() {
  const calls = { 'create, query': CREATE_ERRORS, close: CLOSE_ERRORS, 'refund, refund query': REFUND_ERRORS };
  const tables = Object.values(calls);
  const isCommon = (code) => tables.every((table) => table[code] === tables[0][code]);
  const own = Object.entries(calls).flatMap(([call, table]) =>
    Object.entries(table)
      .filter(([code]) => !isCommon(code))
      .map(([code, meaning]) => [code, call, ...tradeMeaning(meaning)]),
  );
  const common = Object.entries(CREATE_ERRORS)
    .filter(([code]) => isCommon(code))
    .map(([code, meaning]) => [code, 'any', ...tradeMeaning(meaning)]);
  return grouped(['code', 'of', 'means', 'what it says'], [...own, ...common]);
}

function douyinTrades() {
  const ofRefund = (code) => {
    const outcome = REFUND_CODES[code];
    if (outcome === undefined) return '';
    return typeof outcome === 'string' ? outcome : `later: after ${span(outcome.later)}`;
  };
  const shared = Object.keys(REFUND_CODES).filter((code) => !(code in TRADE_ERRORS));
  const rows = { ...TRADE_ERRORS, ...Object.fromEntries(shared.map((code) => [code, DOUYIN_ERRORS.any[code]])) };
  const entries = Object.entries(rows).map(([code, errorRow]) => [
    code,
    `\`${errorRow.problem}\``,
    remedy(errorRow),
    ofRefund(code),
  ]);
  return grouped(['code', 'becomes', 'what it says', 'a refund that was sent'], entries);
}

/** What becomes of a message, and how long the message, all to that person or all of the account wait. */
function sendMeaning({ kind, fault, scope, retryAfter, isAlarm }) {
  if (kind === 'failed') return `failed: ${fault}`;
  if (kind !== 'later') return kind;
  const wait = retryAfter === 'next_day' ? 'until the next day' : retryAfter ? `for ${span(retryAfter)}` : 'a while';
  return `the ${scope} waits ${isAlarm ? 'until you act' : wait}`;
}

const sends = (table) =>
  grouped(
    ['code', 'means', 'what it says'],
    Object.entries(table).map(([code, sendRow]) => [code, sendMeaning(sendRow), sendRow.detail]),
  );

/** By file, and by the name of the marker where a file has several. */
const TABLES = {
  'docs/errors.md': {
    problems: [
      row('status', 'code', 'meaning'),
      row('---', '---', '---'),
      ...problems.map(([status, code, text]) => row(status, `\`${code}\``, text)),
    ],
  },
  'docs/events.md': {
    types: [
      row('type', 'when'),
      row('---', '---'),
      ...Object.entries(EVENT_TYPES).map(([type, text]) => row(`\`${type}\``, text)),
    ],
  },
  'docs/concepts.md': {
    payment: diagram(PAYMENT_STATUSES, PAYMENT_MOVES),
    attempt: diagram(ATTEMPT_STATUSES, ATTEMPT_MOVES),
    refund: diagram(REFUND_STATUSES, REFUND_MOVES),
    notification: diagram(NOTIFICATION_STATUSES, NOTIFICATION_MOVES),
    asking: asking(),
  },
  'docs/subscriptions.md': {
    subscription: diagram(SUBSCRIPTION_STATUSES, SUBSCRIPTION_MOVES),
    invoice: diagram(INVOICE_STATUSES, INVOICE_MOVES),
  },
  'docs/platforms/wechat.md': {
    settings: settingsTable(PLATFORMS.WeChat),
    errors: errorTable({
      login: WECHAT_ERRORS.login,
      'phone number': WECHAT_ERRORS.phone,
      'access token': WECHAT_ERRORS.token,
      'any call': WECHAT_ERRORS.any,
    }),
    'message errors': sends(WECHAT_SENDS),
    'pay errors': wechatPay(),
  },
  'docs/platforms/alipay.md': {
    settings: settingsTable(PLATFORMS.Alipay),
    errors: errorTable({ 'any call': ALIPAY_ERRORS }),
    'message errors': sends(ALIPAY_SENDS),
    'pay errors': alipayTrades(),
  },
  'docs/platforms/douyin.md': {
    settings: settingsTable(PLATFORMS.Douyin),
    errors: errorTable({
      login: DOUYIN_ERRORS.login,
      'phone number': DOUYIN_ERRORS.phone,
      'access token': DOUYIN_ERRORS.accessToken,
      'client token': DOUYIN_ERRORS.clientToken,
      'any call': DOUYIN_ERRORS.any,
    }),
    'message errors': sends(DOUYIN_SENDS),
    'pay errors': douyinTrades(),
  },
};

const MARKED = /(<!-- from the code: ([a-z ]+) -->)[\s\S]*?(<!-- \/from the code -->)/g;
const check = process.argv.includes('--check');
for (const [file, tables] of Object.entries(TABLES)) {
  const text = await readFile(file, 'utf8');
  const found = [...text.matchAll(MARKED)].map(([, , name]) => name);
  const missing = Object.keys(tables).filter((name) => !found.includes(name));
  const unknown = found.filter((name) => !(name in tables));
  if (missing.length > 0 || unknown.length > 0) {
    throw new Error(
      `${file}: no marker for ${missing.join(', ') || 'none'}, no table for ${unknown.join(', ') || 'none'}`,
    );
  }
  const written = text.replace(MARKED, (_, open, name, close) => [open, '', ...tables[name], '', close].join('\n'));
  const fresh = await format(written, { ...(await resolveConfig(file)), parser: 'markdown' });
  if (fresh === text) continue;
  if (check) {
    process.stderr.write(`${file} is behind the code: run npm run docs.\n`);
    process.exitCode = 1;
  } else await writeFile(file, fresh);
}
