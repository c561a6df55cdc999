import './typescript.mjs';

const { stopTestPostgres } = await import('./postgres-server.ts');
const { forgetRsaKeys } = await import('./rsa-keys.ts');
export default () => Promise.all([stopTestPostgres(), forgetRsaKeys()]);
