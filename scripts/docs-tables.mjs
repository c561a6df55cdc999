// Writes the tables of docs/ that follow from the code, between their markers. With --check it only compares.
import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { PROBLEMS } from '../dist/common/problems.js';
import { EVENT_TYPES } from '../dist/events/event-types.js';
import { PLATFORM_PROBLEMS } from '../dist/platforms/errors.js';

const row = (...cells) => `| ${cells.join(' | ')} |`;
const problems = [
  ...Object.entries(PROBLEMS).map(([code, { status, title }]) => [status, code, title]),
  ...Object.entries(PLATFORM_PROBLEMS).map(([code, { status, say }]) => [status, code, say]),
].sort(([a, x], [b, y]) => a - b || x.localeCompare(y));

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
