import './typescript.mjs';

const { stopTestPostgres } = await import('./postgres-server.ts');
export default () => stopTestPostgres();
