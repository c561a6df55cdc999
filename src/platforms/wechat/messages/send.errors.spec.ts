import type { SendRow } from '../../sending.js';
import { named, rowOf, SEND_ERRORS, UNDOCUMENTED } from './send.errors.js';

/** In one word where a row ends. */
const classOf = (row: SendRow | undefined): string => {
  switch (row?.kind) {
    case 'later':
      return [row.kind, row.scope, row.retryAfter ?? 'back_off', row.isAlarm ? 'alarm' : ''].filter(Boolean).join(' ');
    case 'failed':
      return `${row.kind} ${row.fault}`;
    default:
      return row?.kind ?? 'undocumented';
  }
};

const STOPPED = 'later account back_off alarm';
/** The documented codes of a send, then the general ones by what they mean for every call. */
const CLASSES: Record<string, number[]> = {
  'later message back_off': [-1],
  'later message 1': [43108],
  'later account next_day': [45009],
  'later account 60': [45011, 45035],
  [STOPPED]: [43107, 48001, 45029, 40013, 40125, 40164, 43104, 48004, 50002, 50004, 50007, 61007, 85079, 89503, 89501],
  'failed person': [40003],
  'failed template': [40037],
  'failed data': [45168, 47003, 41030, 20002, 40035, 47001, 40002, 40033, 40066, 40097, 41001, 43001, 43002, 44002],
  refused: [43101],
  undocumented: [1, 40000, 99_999, 40_005],
};

test.each(Object.entries(CLASSES).flatMap(([name, codes]) => codes.map((code) => [code, name] as const)))(
  '%i is %s',
  (code, name) => expect(classOf(rowOf(code))).toBe(name),
);

test('every row of the table is in this spec', () => {
  const tested = Object.values(CLASSES).flat().map(String);
  expect(Object.keys(SEND_ERRORS).filter((code) => !tested.includes(code))).toEqual([]);
});

test('a refused token is no outcome: it is replaced first', () => {
  for (const code of [40001, 40014, 42001]) expect(SEND_ERRORS).not.toHaveProperty(String(code));
});

test('the field that WeChat names is told, and nothing else of its words', () => {
  const row = named(UNDOCUMENTED, 'argument invalid! data.thing1.value invalid rid: 5f05-secret');
  expect(row.detail).toContain('thing1');
  expect(row.detail).not.toContain('rid');
  expect(named(UNDOCUMENTED, 'busy')).toBe(UNDOCUMENTED);
});
