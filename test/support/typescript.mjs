// Lets plain Node run the TypeScript sources as they are: `node --import ./test/support/typescript.mjs file.ts`.
// For what must not run inside Jest: its global setup, and programs that tests start and kill.
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
