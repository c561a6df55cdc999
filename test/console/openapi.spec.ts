import { readFile } from 'node:fs/promises';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import { PROBLEMS } from '../../src/common/problems.js';
import { PLATFORM_PROBLEMS } from '../../src/platforms/errors.js';
import { startMinibase, type Minibase } from '../support/minibase.js';
import { documentOf, operationsOf, type Content, type Document, type Operation } from './support/document.js';

describe('the API document', () => {
  let minibase: Minibase;
  let document: Document;
  let operations: Operation[];
  let ajv: Ajv2020;
  beforeAll(async () => {
    minibase = await startMinibase();
    document = await documentOf(minibase);
    operations = operationsOf(document);
    ajv = new Ajv2020({ strict: false, allErrors: true });
    addFormats.default(ajv);
    ajv.addSchema(document, 'document');
  });
  afterAll(() => minibase.close());

  const name = ({ method, path }: Operation): string => `${method} ${path}`;
  /** Operations that fail a check, by name: a test expects none. */
  const those = (fails: (operation: Operation) => boolean): string[] => operations.filter(fails).map(name);
  const pointer = (...parts: string[]): string =>
    parts.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  const validatorAt = (...parts: string[]): ValidateFunction =>
    ajv.compile({ $ref: `document#${encodeURI(pointer(...parts))}` });
  const mediaTypes = ({ content = {} }: Content) => Object.entries(content);

  test('is OpenAPI 3.1 by the word of an independent validator', async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(structuredClone(document) as never);
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
    expect(validator.version).toBe('3.1');
  });

  test('is the same as JSON and as YAML', async () => {
    const answer = await fetch(`${minibase.url}/openapi.yaml`);
    expect(answer.headers.get('content-type')).toMatch(/^application\/yaml/);
    expect(parse(await answer.text())).toEqual(document);
  });

  test('is the committed openapi.yaml, except for where the server is', async () => {
    const committed = parse(await readFile(new URL('../../openapi.yaml', import.meta.url), 'utf8')) as Document;
    expect({ ...document, servers: [] }).toEqual({ ...committed, servers: [] });
  });

  test('names every operation once, in words and for programs', () => {
    expect(operations.length).toBeGreaterThan(30);
    const ids = operations.map(({ operationId }) => operationId);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    expect(those(({ operationId }) => !/^[a-z][A-Za-z]+$/.test(operationId))).toEqual([]);
    expect(those(({ summary = '' }) => !/^[A-Z].{5,90}[^.]$/.test(summary))).toEqual([]);
    expect(those(({ tags = [] }) => tags.length !== 1)).toEqual([]);
  });

  test('says what each tag is about, and has none that nobody uses', () => {
    const described = document.tags.filter(({ description }) => description).map(({ name: tag }) => tag);
    const used = new Set(operations.flatMap(({ tags = [] }) => tags));
    expect([...used].sort()).toEqual(described.sort());
  });

  test('shows what each operation answers when all is well', () => {
    const successes = ({ responses }: Operation) => Object.entries(responses).filter(([status]) => status < '300');
    expect(those((operation) => successes(operation).length !== 1)).toEqual([]);
    const withoutSchema = ([status, response]: [string, Content]) =>
      status === '204' ? response.content !== undefined : !response.content?.['application/json']?.schema;
    expect(those((operation) => successes(operation).some(withoutSchema))).toEqual([]);
  });

  test('shows the problems of each operation, all of them known and with an example of each', () => {
    const known = { ...PROBLEMS, ...PLATFORM_PROBLEMS } as Record<string, { status: number }>;
    const isProblem = validatorAt('components', 'schemas', 'Problem');
    const faults: string[] = [];
    for (const operation of operations) {
      const problems = Object.entries(operation.responses).filter(
        ([status, { content }]) => status >= '400' && !content?.['application/json'],
      );
      if (problems.length === 0) faults.push(`${name(operation)}: no problems`);
      for (const [status, { content }] of problems) {
        for (const [code, { value }] of Object.entries(
          content?.['application/problem+json']?.examples ?? { none: { value: null } },
        )) {
          if (known[code]?.status !== Number(status)) faults.push(`${name(operation)}: ${status} ${code}`);
          if (!isProblem(value)) faults.push(`${name(operation)}: the example of ${code}`);
        }
      }
    }
    expect(faults).toEqual([]);
  });

  test('has a filled example of every body, and every example fits its schema', () => {
    const faults: string[] = [];
    for (const operation of operations) {
      const at = ['paths', operation.path, operation.method.toLowerCase()];
      for (const [type, media] of mediaTypes(operation.requestBody ?? {})) {
        const examples = Object.values(media.examples ?? {});
        if (examples.length === 0) faults.push(`${name(operation)}: no example`);
        const fits = validatorAt(...at, 'requestBody', 'content', type, 'schema');
        if (fits([]) || fits({ unknown: 1 })) faults.push(`${name(operation)}: takes anything`);
        for (const { value } of examples) {
          if (!fits(value)) faults.push(`${name(operation)}: ${ajv.errorsText(fits.errors)}`);
        }
      }
    }
    expect(faults).toEqual([]);
  });

  test('says of every operation who may call it', () => {
    expect(Object.keys(document.components.securitySchemes).sort()).toEqual(['appId', 'operator', 'secretKey', 'user']);
    const open = operations.filter(({ scheme }) => scheme === undefined).map(({ operationId }) => operationId);
    expect(open.sort()).toEqual(['getJwks', 'listCapabilities', 'live', 'ready', 'refreshTokens']);
    const one = ({ security = [] }: Operation) => security.length > 1 || Object.keys(security[0] ?? {}).length > 1;
    expect(those(one)).toEqual([]);
    const needs401 = ({ scheme, responses }: Operation) =>
      ['operator', 'secretKey', 'user'].includes(scheme ?? '') && !responses['401'];
    expect(those(needs401)).toEqual([]);
  });

  test('describes every id in a path and says what it looks like', () => {
    const bare = ({ parameters = [] }: Operation) =>
      parameters.some((one) => one.in === 'path' && !(one.description && one.schema['pattern'] && one.required));
    expect(those(bare)).toEqual([]);
    for (const { parameters = [] } of operations) {
      for (const { schema, example } of parameters.filter((one) => one.in === 'path')) {
        expect(example).toMatch(new RegExp(schema['pattern'] as string));
      }
    }
    const undeclared = ({ path, parameters = [] }: Operation) =>
      [...path.matchAll(/\{(\w+)\}/g)].some(
        ([, id]) => !parameters.some((one) => one.in === 'path' && one.name === id),
      );
    expect(those(undeclared)).toEqual([]);
  });

  test('lists are pages, and say how to turn them', () => {
    for (const { operationId, responses, parameters = [] } of operations) {
      const schema = responses['200']?.content?.['application/json']?.schema?.['$ref'] as string | undefined;
      if (!schema?.endsWith('Page')) continue;
      const page = document.components.schemas[schema.split('/').at(-1)!]!;
      expect({ operationId, required: page['required'] }).toEqual({ operationId, required: ['data', 'nextCursor'] });
      const paged = parameters.filter((one) => one.in === 'query').map((one) => one.name);
      if (paged.length > 0) expect(paged).toEqual(expect.arrayContaining(['limit', 'cursor']));
    }
  });

  test('writes take an Idempotency-Key, reads do not', () => {
    const takesKey = ({ parameters = [] }: Operation) => parameters.some((one) => one.name === 'Idempotency-Key');
    expect(those((operation) => takesKey(operation) !== (operation.method !== 'GET'))).toEqual([]);
  });
});
