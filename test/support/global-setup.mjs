// Jest's module mapper does not serve the global setup: it runs as plain Node does.
import './typescript.mjs';

const { startTestPostgres } = await import('./postgres-server.ts');
const { prepareRsaKeys } = await import('./rsa-keys.ts');
export default () => Promise.all([startTestPostgres(), prepareRsaKeys()]);
