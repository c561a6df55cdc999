import fc from 'fast-check';
import type { Document, Operation } from '../../console/support/document.js';
import { fitting, hostileText, hostileValue, type Schema, spoiled } from './arbitraries.js';

/** One request as bytes will say it. */
export interface HostileRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
}

/** What a request may say in truth: ids that exist, and a credential that opens. */
export interface Truth {
  readonly token: string | undefined;
  readonly appId: string;
  /** By the part of the path before it: `users`. */
  readonly ids: Readonly<Record<string, string>>;
  /** By the name of the member of a body that holds it: `userId`. */
  readonly named: Readonly<Record<string, string>>;
}

const percent = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
/** Bytes that a header may carry without ending it. */
const header = (text: string): string => text.replace(/[^\x20-\x7e\x80-\xff]/g, '?');

const often = <T>(good: fc.Arbitrary<T>, bad: fc.Arbitrary<T>, weight = 6) =>
  fc.oneof({ weight, arbitrary: good }, { weight: 1, arbitrary: bad });
const encoded = hostileText.chain((text) =>
  fc.constantFrom(percent(text), encodeURI(Buffer.from(text).toString()), '%00', '%ff', '%', ''),
);

/** Requests to an operation: most nearly right, so that they get far; some wrong in every way. */
export function hostileRequests(operation: Operation, document: Document, truth: Truth): fc.Arbitrary<HostileRequest> {
  const resolve = (ref: string): Schema => document.components.schemas[ref.split('/').at(-1)!] as Schema;
  const media = operation.requestBody?.content?.['application/json'];
  const examples = Object.values(media?.examples ?? {}).map(({ value }) => truly(value, truth));
  return fc.record({
    method: often(
      fc.constant(operation.method),
      fc.constantFrom('HEAD', 'OPTIONS', 'TRACE', 'PUT', 'PATCH', 'DELETE'),
      20,
    ),
    target: targets(operation, truth),
    headers: headersOf(operation, truth),
    body: media
      ? bodies(
          fitting(media.schema as Schema, resolve).map((value) => truly(value, truth)),
          examples,
        )
      : often(fc.constant(Buffer.alloc(0)), someBytes),
  });
}

/** The same with ids that exist, so that a body gets past the look-up. */
const truly = (value: unknown, { named }: Truth): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, named[name] ?? member]))
    : value;

function targets({ path, parameters = [] }: Operation, { ids }: Truth): fc.Arbitrary<string> {
  const segments = path
    .split('/')
    .map((segment, index, all) =>
      segment.startsWith('{')
        ? often(fc.constant(ids[all[index - 1]!] ?? 'x'), encoded, 2)
        : often(fc.constant(segment), encoded, 60),
    );
  const known = parameters
    .filter((one) => one.in === 'query')
    .map(({ name, schema }) =>
      fc.tuple(
        fc.constant(name),
        often(
          fitting(schema as Schema, () => ({})).map((value) => encodeURIComponent(String(value))),
          encoded,
          2,
        ),
      ),
    );
  const unknown = fc.tuple(encoded, encoded);
  const query = fc.array(known.length > 0 ? often(fc.oneof(...known), unknown) : unknown, { maxLength: 3 });
  return fc.tuple(fc.tuple(...segments), often(query, fc.constant<[string, string][]>([]), 1)).map(([parts, pairs]) => {
    const search = pairs.map(([name, value]) => `${name}=${value}`).join('&');
    return parts.join('/') + (search && `?${search}`);
  });
}

function headersOf({ scheme }: Operation, { token, appId }: Truth): fc.Arbitrary<[string, string][]> {
  const json = 'application/json';
  const type = often(
    fc.constant(json),
    fc.constantFrom('', 'text/plain', 'application/xml', `${json}; charset=utf-16`, 'application/json;x', '*/*'),
    12,
  );
  const bearer = often(
    fc.constant(`Bearer ${token ?? 'x'}`),
    hostileText.map((text) => `Bearer ${header(text)}`),
    20,
  );
  const app = often(fc.constant(appId), hostileText.map(header), 10);
  const key = fc.oneof(
    fc.constant(undefined),
    fc.uuid(),
    fc.constantFrom('same', 'k'.repeat(255)),
    hostileText.map(header),
  );
  const more = fc.array(
    fc.tuple(
      fc.constantFrom('x-request-id', 'user-agent', 'x-forwarded-for', 'accept', 'cookie', 'expect', 'range'),
      hostileText.map((text) => header(text).slice(0, 300)),
    ),
    { maxLength: 2 },
  );
  return fc
    .tuple(type, bearer, app, key, more)
    .map(([contentType, authorization, named, idempotencyKey, others]) => [
      ['content-type', contentType],
      ...(scheme === 'appId' ? [['x-app-id', named] as [string, string]] : []),
      ...(scheme === undefined || scheme === 'appId' ? [] : [['authorization', authorization] as [string, string]]),
      ...(idempotencyKey === undefined ? [] : [['idempotency-key', idempotencyKey] as [string, string]]),
      ...others.filter(([name]) => name !== 'expect'),
    ]);
}

const someBytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc
    .constantFrom('', 'null', '"x"', '[', '{', '{"a":', '{}{}', '[1,]', "{'a':1}", '\ufeff{}', '['.repeat(50_000))
    .map((text) => Buffer.from(text)),
  fc.constant(Buffer.from(JSON.stringify({ filler: 'x'.repeat(257 * 1024) }))),
);

/** With lone surrogates written out, as `\ud800`: JSON.stringify does so. */
const asJson = (value: unknown): Buffer => Buffer.from(JSON.stringify(value) ?? 'null');

const bodies = (good: fc.Arbitrary<unknown>, examples: unknown[]): fc.Arbitrary<Buffer> =>
  fc.oneof(
    { weight: 4, arbitrary: good.map(asJson) },
    { weight: 2, arbitrary: (examples.length > 0 ? fc.constantFrom(...examples) : good).map(asJson) },
    { weight: 6, arbitrary: spoiled(good).map(asJson) },
    { weight: 2, arbitrary: hostileValue.map(asJson) },
    { weight: 1, arbitrary: someBytes },
  );

export const toBytes = ({ method, target, headers, body }: HostileRequest): Buffer => {
  const lines = [
    `${method} ${target} HTTP/1.1`,
    'host: 127.0.0.1',
    'connection: close',
    `content-length: ${body.length}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body]);
};
