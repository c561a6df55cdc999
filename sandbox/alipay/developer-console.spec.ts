import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { AlipayProgram } from '../testing/alipay-program.js';
import { type Fields, TestSandbox } from '../testing/test-sandbox.js';
import { certificatesIn } from './serial-numbers.js';

let sandbox: TestSandbox;
let program: AlipayProgram;

beforeAll(async () => {
  sandbox = await TestSandbox.start();
  program = await AlipayProgram.register(sandbox);
});
afterAll(() => sandbox.stop());

const update = (credentials: Fields): Promise<AlipayProgram> =>
  AlipayProgram.register(sandbox, credentials, { platformAppId: program.platformAppId });

test('an app gets an id of 16 digits, and in key mode what a server needs there', () => {
  expect(program.platformAppId).toMatch(/^2021\d{12}$/);
  expect(program.credentials).toEqual({
    mode: 'key',
    appPrivateKey: expect.stringMatching(/^-----BEGIN PRIVATE KEY-----/) as unknown,
    alipayPublicKey: expect.stringMatching(/^MII[\w+/]+=*$/) as unknown,
    aesKey: expect.stringMatching(/^[\w+/]{22}==$/) as unknown,
  });
});

test('registering again changes nothing, also when what was shown is sent back', async () => {
  expect((await update({})).credentials).toEqual(program.credentials);
  const { appPrivateKey: _, ...shown } = program.credentials;
  expect((await update(shown)).credentials).toEqual(program.credentials);
  await sandbox.restart();
  expect((await update({})).credentials).toEqual(program.credentials);
});

test('an app changes into certificate mode and back, and is only understood in the mode that it is in', async () => {
  const certified = await update({ mode: 'certificate' });
  expect(Object.keys(certified.credentials)).toEqual([
    'mode',
    'appPrivateKey',
    'appCertificate',
    'alipayCertificate',
    'alipayRootCertificate',
    'aesKey',
  ]);
  expect(certified.credentials.appPrivateKey).toBe(program.credentials.appPrivateKey);
  expect(await certified.token('ann')).toHaveProperty('open_id');
  const missing = await program.sdk().exec('alipay.system.oauth.token', {});
  expect(missing).toMatchObject({ sub_code: 'isv.missing-app-cert-sn' });

  expect((await update({ mode: 'key' })).credentials).toEqual(program.credentials);
  expect(await program.token('ann')).toHaveProperty('open_id');
});

test('the certificates lead to the root file, in which one is not RSA', async () => {
  const {
    appCertificate = '',
    alipayCertificate = '',
    alipayRootCertificate = '',
  } = (await update({ mode: 'certificate' })).credentials;
  const roots = certificatesIn(alipayRootCertificate).map((pem) => new X509Certificate(pem));
  expect(roots.map(({ publicKey }) => publicKey.asymmetricKeyType)).toEqual(['ec', 'rsa', 'rsa']);
  expect(roots.every((root) => root.verify(root.publicKey))).toBe(true);

  const [leaf, issuer] = certificatesIn(alipayCertificate).map((pem) => new X509Certificate(pem));
  const app = new X509Certificate(appCertificate);
  const root = roots.find(({ subject }) => subject === issuer?.issuer);
  expect(leaf?.checkIssued(issuer as X509Certificate) && leaf.verify((issuer as X509Certificate).publicKey)).toBe(true);
  expect(issuer?.ca && root?.ca && issuer.verify(root.publicKey)).toBe(true);
  // As at Alipay, developers have an issuer of their own: none of them can pass for Alipay.
  expect(app.issuer).not.toBe(leaf?.issuer);
  expect(app.ca || leaf?.ca).toBe(false);
  await update({ mode: 'key' });
});

test('a developer with keys of their own gives the public one, as PEM or as text, and keeps the private one', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const text = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const own = await AlipayProgram.register(sandbox, { mode: 'certificate', appPublicKey: pem });
  expect(own.credentials).not.toHaveProperty('appPrivateKey');
  const { platformAppId } = own;
  expect((await AlipayProgram.register(sandbox, { appPublicKey: text }, { platformAppId })).credentials).toEqual(
    own.credentials,
  );

  const sdk = own.sdk({ privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() });
  const params = { grant_type: 'authorization_code', code: await own.login('ann') };
  expect(await sdk.exec('alipay.system.oauth.token', params, { validateSign: true })).toHaveProperty('open_id');
});

test('another public key makes the pair that was made here useless', async () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const old = await AlipayProgram.register(sandbox);
  const { platformAppId } = old;
  const appPublicKey = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const changed = await AlipayProgram.register(sandbox, { appPublicKey }, { platformAppId });
  expect(changed.credentials).not.toHaveProperty('appPrivateKey');
  expect(await old.token('ann')).toMatchObject({ sub_code: 'isv.invalid-signature' });
});

test.each([
  [{ mode: 'cert' }],
  [{ appPublicKey: 'not a key' }],
  [{ appPublicKey: '' }],
  [{ aesKey: 'c2hvcnQ=' }],
  [{ appPrivateKey: 'MII' }],
  [{ secret: 'x' }],
])('what is no setting of Alipay is refused: %p', async (credentials) => {
  const { platformAppId } = program;
  expect(await sandbox.account('alipay', { platformAppId, credentials })).toMatchObject({ error: 'invalid_request' });
});

test('everything can be forgotten, the root too', async () => {
  const before = (await AlipayProgram.register(sandbox, { mode: 'certificate' })).credentials.alipayRootCertificate;
  await sandbox.post('/_/reset', {});
  const after = await AlipayProgram.register(sandbox, { mode: 'certificate' });
  expect(after.credentials.alipayRootCertificate).not.toBe(before);
  expect(await after.token('ann')).toHaveProperty('open_id');
});
