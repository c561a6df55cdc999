import { StartError } from '../../common/start-error.js';
import { ProgramFailed } from './database-user.js';
import { DirectoryInUse } from './directory-claim.js';
import { ServerEnded } from './server-run.js';

/** What to do about what the system, `initdb` or the server said; the first that fits. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/ENOSPC|EDQUOT|No space left|quota exceeded/i, 'free some space'],
  [/spawn EPERM/, 'run as a user other than root'], // root without the right to become somebody else
  [/look up effective user/, 'give this user a name in /etc/passwd'],
  [/wrong ownership/, 'run as the user who owns the database'],
  [/EACCES|EPERM|EROFS|Permission denied|Read-only/i, 'let this user write there, choose another DATA_DIR'],
  [/ENOENT|ENOTDIR|EOPNOTSUPP|ENOTSUP/, 'choose another DATA_DIR'],
];

/** Says in one line what stood in the way of a start and what to do about it. */
export function toStartError(error: unknown, dataDir: string): StartError {
  if (error instanceof StartError) return error;
  return new StartError(lineFor(error, dataDir), { cause: error });
}

function lineFor(error: unknown, dataDir: string): string {
  if (error instanceof DirectoryInUse) {
    return `Another Minibase (process ${error.pid}) uses ${dataDir}: stop it, or give this one a DATA_DIR of its own.`;
  }
  const text = error instanceof ProgramFailed ? error.stderr : error instanceof Error ? error.message : String(error);
  const known = ADVICE.find(([sign]) => sign.test(text))?.[1];
  const advice = known ?? (error instanceof ServerEnded ? `see ${error.log}` : 'try again');
  return `The PostgreSQL of ${dataDir} cannot start (${gist(text)}): ${advice}, or set DATABASE_URL to a server of your own.`;
}

/** The first complaint: those after it are its consequences. */
function gist(text: string): string {
  const complaint = /(?:FATAL|PANIC|error): +(.+)/.exec(text)?.[1];
  return (complaint ?? text).replace(/\s+/g, ' ').trim();
}
