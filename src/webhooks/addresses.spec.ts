import { AddressRules } from './addresses.js';

const production = new AddressRules([]);
const development = new AddressRules(['127.0.0.0/8', '::1', '10.1.0.0/16']);

describe('an address', () => {
  test.each(['1.1.1.1', '93.184.216.34', '223.5.5.5', '2606:4700:4700::1111', '2400:3200::1', '::ffff:8.8.8.8'])(
    '%s is public',
    (address) => {
      expect(production.standingOf(address)).toBe('public');
    },
  );

  test.each([
    ['loopback', '127.0.0.1'],
    ['loopback', '127.255.255.254'],
    ['loopback', '::1'],
    ['unspecified', '0.0.0.0'],
    ['this network', '0.1.2.3'],
    ['unspecified', '::'],
    ['private', '10.0.0.1'],
    ['private', '172.16.0.1'],
    ['private', '172.31.255.255'],
    ['private', '192.168.1.1'],
    ['link-local', '169.254.0.1'],
    ['metadata', '169.254.169.254'],
    ['metadata of AWS', 'fd00:ec2::254'],
    ['metadata of Alibaba Cloud', '100.100.100.200'],
    ['carrier-grade NAT', '100.64.0.1'],
    ['multicast', '224.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['reserved', '240.0.0.1'],
    ['benchmarks', '198.18.0.1'],
    ['documents', '192.0.2.1'],
    ['unique local', 'fc00::1'],
    ['link-local', 'fe80::1'],
    ['link-local with a zone', 'fe80::1%eth0'],
    ['site-local', 'fec0::1'],
    ['multicast', 'ff02::1'],
    ['documents', '2001:db8::1'],
    ['mapped', '::ffff:127.0.0.1'],
    ['mapped', '::ffff:7f00:1'],
    ['mapped', '::ffff:169.254.169.254'],
    ['compatible', '::127.0.0.1'],
    ['NAT64', '64:ff9b::7f00:1'],
    ['local NAT64', '64:ff9b:1::7f00:1'],
    ['6to4', '2002:7f00:1::1'],
    ['Teredo', '2001::1'],
    ['translated', '::ffff:0:127.0.0.1'],
    ['nonsense', 'localhost'],
    ['nonsense', ''],
  ])('of kind %s is refused: %s', (_, address) => {
    expect(production.standingOf(address)).toBe('refused');
  });

  test.each(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', '10.1.2.3'])('%s is listed', (address) => {
    expect(development.standingOf(address)).toBe('listed');
  });

  test.each(['10.2.0.1', '::2', '169.254.169.254', '::ffff:10.2.0.1'])('%s beside the list is refused', (address) => {
    expect(development.standingOf(address)).toBe('refused');
  });
});
