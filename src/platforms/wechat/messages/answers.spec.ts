import { answers } from './answers.js';

const template = (letter: string): string => letter.repeat(43);

test('the result of the client is read as it is', () => {
  const results = {
    errMsg: 'requestSubscribeMessage:ok',
    [template('a')]: 'accept',
    [template('b')]: 'reject',
    [template('c')]: 'ban',
    [template('d')]: 'filter',
    [template('e')]: 'acceptWithAudio',
    [template('f')]: 'acceptWithAlert',
    [template('g')]: 'acceptWithForcePush',
    [template('h')]: 'accepted?',
    [template('i')]: 1,
    TEMPLATE_ID: 'accept',
  };
  expect(answers(results).map(({ templateId, isAccepted, answer }) => [templateId[0], isAccepted, answer])).toEqual([
    ['a', true, 'accept'],
    ['b', false, 'reject'],
    ['c', false, 'ban'],
    ['d', false, 'filter'],
    ['e', true, 'acceptWithAudio'],
    ['f', true, 'acceptWithAlert'],
    ['g', true, 'acceptWithForcePush'],
    ['h', false, 'accepted?'],
  ]);
});
