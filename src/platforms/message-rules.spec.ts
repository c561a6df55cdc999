import { anyText, lengthOf, pagePath } from './message-rules.js';

test.each([
  ['pages/order/index?id=1', 'pages/order/index?id=1'],
  ['/pages/index', 'pages/index'],
  ['index?q=%E4%BD%A0', 'index?q=%E4%BD%A0'],
  ['pages/go?to=https://shop.example', 'pages/go?to=https://shop.example'],
])('the page %s is sent as %s', (page, text) =>
  expect(pagePath(page, 1_024)).toEqual({ fits: true, text, isShortened: false }),
);

test.each([
  '',
  '/',
  '//evil.example',
  'https://shop.example/',
  'javascript:x',
  '?id=1',
  'pages/你好',
  'pages/a b',
  'a\n',
  'x'.repeat(1_025),
])('the page %j is none', (page) => expect(pagePath(page, 1_024)).toMatchObject({ fits: false }));

test('an ellipsis takes the place of one character, and of the space before it', () => {
  expect(anyText('abc def', 5)).toEqual({ fits: true, text: 'abc…', isShortened: true });
  expect(anyText('abcde', 5)).toEqual({ fits: true, text: 'abcde', isShortened: false });
});

test('an emoji is one character', () => expect(lengthOf('😀好')).toBe(2));

test('what is far too long is cut in no time', () => {
  const started = performance.now();
  expect(anyText('好'.repeat(1_000_000), 20)).toMatchObject({ isShortened: true });
  expect(performance.now() - started).toBeLessThan(1_000);
});
