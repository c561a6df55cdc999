import { PLATFORM_PROBLEMS } from '../errors.js';
import type { PlatformAccount } from '../platform.js';
import { ALIPAY_ERRORS, errorOf } from './alipay.errors.js';

const account: PlatformAccount = { appId: 'app_1', id: 'pac_1', platform: 'alipay', platformAppId: '2021000000000001', mode: 'test', credentials: {} }; // prettier-ignore
const problemOf = (subCode: string | undefined, code?: string) =>
  errorOf(account, { code, subCode, message: '' }).problem;

test.each(Object.entries(ALIPAY_ERRORS))('%s becomes its problem', (name, { problem, detail }) => {
  const isCode = /^\d+$/.test(name);
  const subCode = isCode ? undefined : name.replace('*', 'anything');
  const error = errorOf(account, { code: isCode ? name : '40004', subCode, message: 'words of Alipay' });
  expect(error).toMatchObject({ problem, platformCode: subCode ?? name });
  expect(error.message).toBe(detail ?? PLATFORM_PROBLEMS[problem].say);
  expect(error.cause).toEqual(new Error('words of Alipay'));
});

test('a code without a row of its own falls back to its gateway code', () => {
  expect(problemOf('isv.never-heard-of', '40005')).toBe('platform_rate_limited');
  expect(problemOf('isv.never-heard-of', '40006')).toBe('platform_account_misconfigured');
  expect(problemOf('isv.never-heard-of', '99999')).toBe('platform_refused');
  expect(problemOf(undefined, undefined)).toBe('platform_refused');
});

test('names of inherited members are codes like any other', () => {
  for (const name of ['constructor', '__proto__', 'toString'])
    expect(problemOf(name, '40005')).toBe('platform_rate_limited');
});

test('only what Alipay calls passing is advised to be repeated', () => {
  const repeated = Object.keys(ALIPAY_ERRORS).filter((name) => ALIPAY_ERRORS[name]!.repeats);
  expect(repeated.sort()).toEqual(['20000', 'SYSTEM_ERROR', 'aop.unknow-error', 'isp.unknow-error']);
});
