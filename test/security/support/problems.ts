import { PROBLEMS } from '../../../src/common/problems.js';
import { PLATFORM_PROBLEMS } from '../../../src/platforms/errors.js';

const STATUS_OF: Readonly<Record<string, number>> = Object.fromEntries(
  [...Object.entries(PROBLEMS), ...Object.entries(PLATFORM_PROBLEMS)].map(([code, { status }]) => [code, status]),
);

/** What is wrong with a refusal: nothing when it is a complete RFC 9457 problem of a known code. */
export function faultsOfProblem(status: number, contentType: string | null | undefined, text: string): string[] {
  const faults: string[] = [];
  if (!/^application\/problem\+json\b/.test(contentType ?? '')) faults.push(`content type ${contentType ?? 'missing'}`);
  let body: Record<string, unknown>;
  try {
    body = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return [...faults, `not JSON: ${text.slice(0, 80)}`];
  }
  const { code, type, title, detail, requestId } = body;
  if (typeof code !== 'string' || !(code in STATUS_OF)) return [...faults, `unknown code ${String(code)}`];
  if (STATUS_OF[code] !== status) faults.push(`${code} with status ${status}`);
  if (body['status'] !== status) faults.push(`status ${String(body['status'])} in the body`);
  if (type !== `/problems/${code}`) faults.push(`type ${String(type)}`);
  for (const [name, value] of Object.entries({ title, detail, requestId })) {
    if (typeof value !== 'string' || value === '') faults.push(`no ${name}`);
  }
  if (/\bat .+\(?(file:|\/|node:)\S+:\d+:\d+\)?/.test(text)) faults.push('a stack');
  return faults;
}
