// npm run migration:new -- add-payments: an empty migration with the time of now in its name.
import { writeFile } from 'node:fs/promises';

const name = process.argv[2];
if (!/^[a-z][a-z0-9-]+$/.test(name ?? '')) {
  process.stderr.write('Give it a name: npm run migration:new -- add-payments\n');
  process.exit(1);
}
const at = Date.now();
const className = name.replace(/(^|-)([a-z0-9])/g, (_, __, letter) => letter.toUpperCase()) + at;
const file = `src/database/migrations/${at}-${name}.ts`;
await writeFile(
  file,
  `import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What it is for. Every key and unique constraint contains app_id. */
export class ${className} implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(\`\`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(\`\`);
  }
}
`,
  { flag: 'wx' },
);
process.stdout.write(`${file}\nAdd ${className} to src/database/migrations/index.ts.\n`);
