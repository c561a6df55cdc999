import { parseArgs } from 'node:util';

export interface Options {
  /** Which bench: a name of `benches.ts`. */
  readonly name: string;
  /** Length of one measured window, about: the number of requests is fixed from the rate of the warm-up. */
  readonly seconds: number;
  /** Windows per side; the sides take turns. */
  readonly rounds: number;
  /** Left out: as many as the path wants. */
  readonly connections: number | undefined;
  /** Where V8 profiles of our server go, one per path; none are taken when left out. */
  readonly profile: string | undefined;
}

export const USAGE = `npm run bench -- <name> [--seconds 5] [--rounds 5] [--connections <number>] [--profile <folder>]`;

/** Reads the command line. Throws with a line for people. */
export function readOptions(args: readonly string[], names: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      seconds: { type: 'string', default: '5' },
      rounds: { type: 'string', default: '5' },
      connections: { type: 'string' },
      profile: { type: 'string' },
    },
  });
  const [name] = positionals;
  if (name === undefined || positionals.length > 1 || !names.includes(name)) {
    throw new Error(`${USAGE}\n  where <name> is one of: ${names.join(', ')}`);
  }
  return {
    name,
    seconds: positive('seconds', values.seconds),
    rounds: positive('rounds', values.rounds),
    connections: values.connections === undefined ? undefined : positive('connections', values.connections),
    profile: values.profile,
  };
}

function positive(option: string, text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new Error(`--${option} must be a number above 0`);
  return number;
}
