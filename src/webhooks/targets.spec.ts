import { AddressRules } from './addresses.js';
import { SystemResolver } from './resolver.js';
import { Targets } from './targets.js';

const targetsFor = (allow: string[]) => new Targets(new AddressRules(allow), new SystemResolver(false));
const complaint = (url: string, allow: string[] = []): string => {
  try {
    targetsFor(allow).registered(url);
    return '';
  } catch (error) {
    return `${(error as { code: string }).code} ${(error as Error).message}`;
  }
};

describe('an address that is registered', () => {
  test.each([
    'https://shop.example',
    'https://shop.example:8443/a?b=c',
    'https://1.1.1.1/',
    'https://[2606:4700::1111]/',
  ])('may be %s', (url) => {
    expect(complaint(url)).toBe('');
  });

  test.each([
    ['nonsense', 'not a URL'],
    ['', 'not a URL'],
    ['ftp://shop.example/', 'https'],
    ['file:///etc/passwd', 'https'],
    ['javascript:alert(1)', 'https'],
    ['http://shop.example/', 'WEBHOOK_ALLOW'],
    ['https://user:pass@shop.example/', 'user name'],
    ['https://user@shop.example/', 'user name'],
    ['https://shop.example/#part', 'fragment'],
    ['https://127.0.0.1/', 'not a public address'],
    ['https://127.1/', 'not a public address'],
    ['https://0177.0.0.1/', 'not a public address'],
    ['https://2130706433/', 'not a public address'],
    ['https://[::1]/', 'not a public address'],
    ['https://[::ffff:169.254.169.254]/', 'not a public address'],
    ['https://169.254.169.254/', 'not a public address'],
    ['https://0.0.0.0/', 'not a public address'],
    ['http://1.1.1.1/', 'use https'],
  ])('may not be %j', (url, why) => {
    expect(complaint(url)).toMatch(/^webhook_url_refused /);
    expect(complaint(url)).toContain(why);
  });

  test('may be plain http, and inside, where the operator lists it', () => {
    expect(complaint('http://127.0.0.1:8080/', ['127.0.0.0/8'])).toBe('');
    expect(complaint('http://localhost:8080/', ['127.0.0.0/8'])).toBe('');
    expect(complaint('https://10.1.2.3/', ['10.0.0.0/8'])).toBe('');
    expect(complaint('http://10.1.2.3/', ['127.0.0.0/8'])).toMatch(/use https|not a public/);
  });
});
