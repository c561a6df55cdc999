import { readFileSync } from 'node:fs';
import { certificatesIn, rootSerialNumberOf, serialNumberOf } from './serial-numbers.js';

interface Vector {
  serialNumber: string;
  file: string;
}

const { certificates, root } = JSON.parse(
  readFileSync(new URL('./serial-numbers.vectors.json', import.meta.url), 'utf8'),
) as { certificates: Vector[]; root: Vector };

test.each(certificates)("a certificate's number is $serialNumber", ({ file, serialNumber }) => {
  expect(serialNumberOf(file)).toBe(serialNumber);
});

test("the number of Alipay's root file leaves out its SM2 and its ECDSA certificate", () => {
  expect(certificatesIn(root.file)).toHaveLength(4);
  expect(rootSerialNumberOf(root.file)).toBe(root.serialNumber);
});

test('of a file with several certificates the first one counts', () => {
  const [first, second] = certificates.map(({ file }) => file);
  expect(serialNumberOf(`${first}\n${second}`)).toBe(certificates[0]?.serialNumber);
});
