// Writes the tables of docs/ that follow from the code, between their markers. With --check it only compares.
import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { PROBLEMS } from '../dist/common/problems.js';
import { EVENT_TYPES } from '../dist/events/event-types.js';
import { ALIPAY_ERRORS } from '../dist/platforms/alipay/alipay.errors.js';
import { DOUYIN_ERRORS } from '../dist/platforms/douyin/errors.js';
import { PLATFORM_PROBLEMS } from '../dist/platforms/errors.js';
import { WECHAT_ERRORS } from '../dist/platforms/wechat/errors.js';

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

const TABLES = {
  'docs/errors.md': [
    row('status', 'code', 'meaning'),
    row('---', '---', '---'),
    ...problems.map(([status, code, text]) => row(status, `\`${code}\``, text)),
  ],
  'docs/events.md': [
    row('type', 'when'),
    row('---', '---'),
    ...Object.entries(EVENT_TYPES).map(([type, text]) => row(`\`${type}\``, text)),
  ],
  'docs/platforms/wechat.md': errorTable({
    login: WECHAT_ERRORS.login,
    'phone number': WECHAT_ERRORS.phone,
    'access token': WECHAT_ERRORS.token,
    'any call': WECHAT_ERRORS.any,
  }),
  'docs/platforms/alipay.md': errorTable({ 'any call': ALIPAY_ERRORS }),
  'docs/platforms/douyin.md': errorTable({
    login: DOUYIN_ERRORS.login,
    'phone number': DOUYIN_ERRORS.phone,
    'access token': DOUYIN_ERRORS.accessToken,
    'client token': DOUYIN_ERRORS.clientToken,
    'any call': DOUYIN_ERRORS.any,
  }),
};

const MARKED = /(<!-- from the code -->)[\s\S]*?(<!-- \/from the code -->)/;
const check = process.argv.includes('--check');
for (const [file, lines] of Object.entries(TABLES)) {
  const text = await readFile(file, 'utf8');
  const written = text.replace(MARKED, (_, open, close) => [open, '', ...lines, '', close].join('\n'));
  const fresh = await format(written, { ...(await resolveConfig(file)), parser: 'markdown' });
  if (fresh === text) continue;
  if (check) {
    process.stderr.write(`${file} is behind the code: run npm run docs.\n`);
    process.exitCode = 1;
  } else await writeFile(file, fresh);
}
