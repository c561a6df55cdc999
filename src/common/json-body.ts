import { problem } from './problems.js';

/** Deeper than any body of ours; whatever walks a body by recursion must not run out of stack. */
const DEEPEST = 32;
/** Postgres keeps no NUL, and half of a surrogate pair would come back as a replacement character. */
const UNKEEPABLE = /[\0\p{Cs}]/u;

/** Nest's validation would drop these without a word, to protect code that merges objects. */
const POISONOUS: readonly string[] = ['__proto__', 'constructor', 'prototype'];

/** Fatal: a lenient decoder would store replacement characters as somebody's name. */
const decoder = new TextDecoder('utf-8', { fatal: true });

/** The JSON in `bytes`, which can be kept, compared and walked as it is. Throws `malformed_body`. */
export function readJsonBody(bytes: Uint8Array): unknown {
  const value = parse(decode(bytes));
  check(value, 0);
  return value;
}

function decode(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw malformed('The body is not UTF-8.');
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Without the cause: its message quotes the body.
    throw malformed('The body is not JSON.');
  }
}

function check(value: unknown, depth: number): void {
  if (typeof value === 'string') return checkText(value);
  if (typeof value !== 'object' || value === null) return;
  if (depth === DEEPEST) throw malformed('The body is nested too deeply.');
  if (Array.isArray(value)) return value.forEach((one) => check(one, depth + 1));
  for (const [name, inner] of Object.entries(value)) {
    if (POISONOUS.includes(name)) throw malformed(`The body has a member named ${name}.`);
    checkText(name);
    check(inner, depth + 1);
  }
}

function checkText(text: string): void {
  if (UNKEEPABLE.test(text)) throw malformed('The body has a text with a NUL character or half of a surrogate pair.');
}

const malformed = (detail: string) => problem('malformed_body', detail);
