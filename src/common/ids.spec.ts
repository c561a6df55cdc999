import { ID_PREFIXES, type IdKind, isId, newId } from './ids.js';

const KINDS = Object.keys(ID_PREFIXES) as IdKind[];

describe('ids', () => {
  test.each(KINDS)('of kind %s carry their kind and are recognised by it alone', (kind) => {
    const id = newId(kind);
    expect(id).toMatch(new RegExp(`^${ID_PREFIXES[kind]}_[0-9a-f]{32}$`));
    expect(KINDS.filter((one) => isId(one, id))).toEqual([kind]);
  });

  test('prefixes tell every kind from every other', () => {
    expect(new Set(Object.values(ID_PREFIXES)).size).toBe(KINDS.length);
  });

  test('ascend in the order in which they are made', () => {
    const ids = Array.from({ length: 10_000 }, () => newId('user'));
    expect(ids).toEqual([...ids].sort());
    expect(new Set(ids).size).toBe(ids.length);
  });

  test.each([
    '',
    'usr_',
    'usr_019a6b0c4d5e7f00a1b2c3d4e5f6071',
    'usr_019a6b0c4d5e7f00a1b2c3d4e5f607180',
    'usr_019A6B0C4D5E7F00A1B2C3D4E5F60718',
    'usr-019a6b0c4d5e7f00a1b2c3d4e5f60718',
    'usr_019a6b0c4d5e7f00a1b2c3d4e5f6071g',
    'usr_019a6b0c4d5e7f00a1b2c3d4e5f6071\n',
    ' usr_019a6b0c4d5e7f00a1b2c3d4e5f60718',
    'app_019a6b0c4d5e7f00a1b2c3d4e5f60718',
  ])('%j is no user', (text) => {
    expect(isId('user', text)).toBe(false);
  });
});
