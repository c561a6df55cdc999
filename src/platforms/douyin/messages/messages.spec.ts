import type { SendRow } from '../../sending.js';
import { answers } from './answers.js';
import { DouyinMessages } from './messages.js';
import { rowOf, SEND_ERRORS } from './send.errors.js';

// Nothing here sends.
const messages = new DouyinMessages(undefined as never, undefined as never, undefined as never);

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

/** The codes of the old call, then those of the gateway in front of the new one. */
const CLASSES: Record<string, number[]> = {
  'failed data': [1000, 1001, 1008, 28001038, 28005001],
  'later account back_off alarm': [1009, 28001016, 28001018, 28001019],
  'later account 1': [1010, 28006003],
  'later account 3': [12001],
  'later account 60': [28005004],
  'later message back_off': [2000, -1, 13000, 23000, 28001005, 28005002],
  refused: [28014043],
  undocumented: [1, 40018, 12345678],
};

test.each(Object.entries(CLASSES).flatMap(([name, codes]) => codes.map((code) => [code, name] as const)))(
  '%i is %s',
  (code, name) => expect(classOf(rowOf(code))).toBe(name),
);

test('every row of the table is in this spec', () => {
  const tested = Object.values(CLASSES).flat().map(String);
  expect(Object.keys(SEND_ERRORS).filter((code) => !tested.includes(code))).toEqual([]);
});

test('keywords are words, values any text of one line', () => {
  expect(messages.fieldProblem('订单号')).toBeUndefined();
  expect(messages.fieldProblem('')).toBeDefined();
  expect(messages.fieldProblem('词'.repeat(65))).toBeDefined();
  expect(messages.fit('订单号', '好'.repeat(200))).toMatchObject({ fits: true, isShortened: false });
  expect(messages.fit('订单号', 'two\nlines')).toMatchObject({ fits: false });
  expect(messages.fit('订单号', '')).toMatchObject({ fits: false });
});

test('the result of the client is read as it is, without the settings', () => {
  const results = {
    errMsg: 'requestSubscribeMessage:ok',
    MSG1: 'accept',
    MSG2: 'reject',
    MSG3: 'ban',
    MSG4: 'fail',
    templateSettings: { MSG2: { status: 'accept', alwaysSubscribe: true } },
  };
  expect(answers(results)).toEqual([
    { templateId: 'MSG1', isAccepted: true, answer: 'accept' },
    { templateId: 'MSG2', isAccepted: false, answer: 'reject' },
    { templateId: 'MSG3', isAccepted: false, answer: 'ban' },
    { templateId: 'MSG4', isAccepted: false, answer: 'fail' },
  ]);
});
