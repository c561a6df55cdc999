import { dataProblem, fieldProblem, fit } from './fields.js';

const SAID = { fits: true, isShortened: false };

test.each([
  ['thing1', '一二三四五六七八九十一二三四五六七八九十'],
  ['thing2', '😀'.repeat(20)],
  ['number1', '12.50'],
  ['number1', '1'.repeat(32)],
  ['letter1', 'abcXYZ'],
  ['symbol1', '+-*/='],
  ['character_string1', 'SF-1234567890 / a'],
  ['time1', '15:01'],
  ['time1', '2019年10月1日 15:01'],
  ['time1', '9:30~11:00'],
  ['date1', '2019年10月1日'],
  ['date1', '2019年10月01日 15:01'],
  ['date1', '2019年10月1日~2019年10月7日'],
  ['date1', '2019-12-25 09:42'],
  ['amount1', '¥99999999.99'],
  ['amount1', '￥12.34元'],
  ['amount1', '12.34'],
  ['phone_number1', '+86-0766-66888866'],
  ['phone_number1', '138****8000'],
  ['car_number1', '粤A8Z888挂'],
  ['car_number1', '京A12345'],
  ['name1', '欧阳娜娜'],
  ['name1', '一二三四五六七八九十'],
  ['name1', 'Maria-Luisa de Souza'],
  ['phrase1', '配送中'],
  ['const1', '已发货'],
])('%s takes %s', (field, text) => expect(fit(field, text)).toEqual({ ...SAID, text }));

test.each([
  ['thing1', ''],
  ['thing1', '   '],
  ['thing1', 'two\nlines'],
  ['thing1', 'half an emoji \ud83d'],
  ['thing1', 'a\u2028b'],
  ['number1', '12,50'],
  ['number1', '-1'],
  ['number1', '1'.repeat(33)],
  ['letter1', 'abc1'],
  ['symbol1', '++++++'],
  ['symbol1', 'a'],
  ['character_string1', '订单1'],
  ['character_string1', 'a'.repeat(33)],
  ['time1', '25:01'],
  ['time1', '2019年10月1日'],
  ['time1', '3 pm'],
  ['date1', '2019-12-25'],
  ['date1', '2019年13月1日'],
  ['amount1', '¥12345678.901'],
  ['amount1', 'RMB 12'],
  ['phone_number1', '138001380001380013'],
  ['phone_number1', '+-'],
  ['car_number1', '粤粤88888'],
  ['car_number1', '粤A12345678'],
  ['name1', '一二三四五六七八九十一'],
  ['name1', '王a二三四五六七八九十b'],
  ['name1', '用户8837'],
  ['name1', 'a'.repeat(21)],
  ['phrase1', '配送中!'],
  ['phrase1', '一二三四五六'],
  ['const1', ''],
])('%s refuses %j', (field, text) => expect(fit(field, text)).toMatchObject({ fits: false }));

test('only a thing is cut, to twenty characters with the ellipsis', () => {
  expect(fit('thing1', '一二三四五六七八九十一二三四五六七八九十一')).toEqual({
    fits: true,
    text: '一二三四五六七八九十一二三四五六七八九…',
    isShortened: true,
  });
});

test('what people see as one character is not cut through', () => {
  const family = '👨‍👩‍👧‍👦';
  const cut = fit('thing1', `一二三四五六七八九十一二三四五六${family}尾`);
  expect(cut).toEqual({ fits: true, text: '一二三四五六七八九十一二三四五六…', isShortened: true });
});

test.each(['thing1', 'character_string12', 'enum_string1', 'short_thing2'])('%s is a field', (name) =>
  expect(fieldProblem(name)).toBeUndefined(),
);
test.each(['thing', '1thing', 'Thing1', 'keyword1', 'thing1.DATA', 'constructor1', '__proto__1', ''])(
  '%j is none',
  (name) => {
    expect(fieldProblem(name)).toContain('thing1');
    expect(fit(name, 'x')).toMatchObject({ fits: false });
  },
);

test('a message has fields', () => {
  expect(dataProblem({})).toBeDefined();
  expect(dataProblem({ thing1: 'x' })).toBeUndefined();
});
