import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { documentOf, operationsOf, type Document, type Operation } from '../console/support/document.js';
import { aLogin, anApp as aPlainApp, ask } from '../support/client.js';
import { startMinibase, type Minibase } from '../support/minibase.js';
import { everything, idsOf } from './support/belongings.js';
import { hostileRequests, toBytes, type HostileRequest, type Truth } from './support/hostile-operation.js';
import { faultsOfProblem } from './support/problems.js';
import { type RawAnswer, sendRaw } from './support/raw-request.js';

/** `FUZZ_RUNS=2000 FUZZ_SEED=… npx jest test/security/fuzz`: as many requests per operation, from that seed. */
const { FUZZ_RUNS, FUZZ_SEED } = process.env;
const SEED = Number(FUZZ_SEED ?? Date.now() % 2 ** 31);
const RUNS = Number(FUZZ_RUNS ?? 40);
/** In a usual run an operation has this long, or one request; without it nobody would wait for a slow machine. */
const USUAL_MS = FUZZ_RUNS ? Infinity : 900;
/** In any run: years pass in a request that lets a test clock advance. */
const LONGEST_MS: Readonly<Record<string, number>> = { advanceTestClock: 60_000 };

describe('whatever anybody sends', () => {
  let minibase: Minibase;
  let document: Document;
  let ajv: Ajv2020;
  const answered = new Map<string, number[]>();

  beforeAll(async () => {
    process.stderr.write(`fuzz: FUZZ_SEED=${SEED} FUZZ_RUNS=${RUNS}\n`);
    minibase = await startMinibase();
    document = await documentOf(minibase);
    ajv = new Ajv2020({ strict: false });
    addFormats.default(ajv);
    ajv.addSchema(document, 'document');
  });
  afterAll(() => minibase.close());

  let whole: { truth: Omit<Truth, 'token'>; tokens: Record<string, string> } | undefined;
  /** An app with everything, until an operation may have ended what it was given. */
  async function truthFor({ scheme }: Operation): Promise<Truth> {
    whole ??= await anApp();
    return { ...whole.truth, token: scheme && whole.tokens[scheme] };
  }
  const mayEnd = ({ path, method }: Operation): boolean =>
    'delete' in document.paths[path]! ||
    /-accounts$|\/(logout|merge|keys|apps|advance)$/.test(path) ||
    method === 'DELETE';

  async function anApp() {
    const belongings = await everything(minibase, 'Anybody');
    const { shop, paid, price, recurring } = belongings;
    const tokens: Record<string, string> = {
      operator: minibase.operatorToken,
      secretKey: shop.app.secretKey,
      user: shop.login.accessToken,
    };
    const userId = shop.login.user.id;
    const truth = {
      appId: shop.app.appId,
      // Ending the only session would end everything that comes after it.
      ids: { ...idsOf(belongings), sessions: 'ses_019a6b0c4d5e7f00a1b2c3d4e5f60718' },
      named: {
        ...{ userId, paymentId: paid.id, priceId: price.id, productId: price.productId },
        subscriptionId: recurring.subscriptionId,
      },
    };
    return { truth, tokens };
  }

  /** What is wrong with an answer; nothing when it is one that the document promises. */
  function faultsOf(
    operation: Operation,
    request: HostileRequest,
    answer: RawAnswer,
    fits?: ValidateFunction,
  ): string[] {
    const { status, headers, body } = answer;
    if (!(status >= 200 && status < 500)) return [`status ${status}: ${body.slice(0, 300)}`];
    if (!headers.get('x-request-id')) return ['no X-Request-Id'];
    if (request.method === 'HEAD') return [];
    if (status >= 400) return faultsOfProblem(status, headers.get('content-type'), body);
    if (request.method !== operation.method || !fits) return [];
    return fits(JSON.parse(Buffer.from(body, 'latin1').toString())) ? [] : [ajv.errorsText(fits.errors)];
  }

  function promised({ path, method, responses }: Operation): ValidateFunction | undefined {
    if (!responses['200'] && !responses['201']) return undefined;
    const status = responses['200'] ? '200' : '201';
    const at = [
      'paths',
      path.replaceAll('/', '~1'),
      method.toLowerCase(),
      'responses',
      status,
      'content',
      'application~1json',
      'schema',
    ];
    return ajv.compile({ $ref: `document#/${encodeURI(at.join('/'))}` });
  }

  test(
    'every operation answers below 500, with what the document promises or a known problem',
    async () => {
      for (const operation of operationsOf(document)) {
        const truth = await truthFor(operation);
        const fits = promised(operation);
        const statuses: number[] = [];
        answered.set(operation.operationId, statuses);
        const until = performance.now() + Math.min(USUAL_MS, LONGEST_MS[operation.operationId] ?? Infinity);
        const holds = fc.asyncProperty(hostileRequests(operation, document, truth), async (request) => {
          if (statuses.length > 0 && performance.now() > until) return;
          const answer = await sendRaw(minibase.url, toBytes(request));
          statuses.push(answer.status);
          expect(faultsOf(operation, request, answer, fits)).toEqual([]);
        });
        await fc.assert(holds, { seed: SEED, numRuns: RUNS });
        if (mayEnd(operation)) whole = undefined;
      }
    },
    FUZZ_RUNS ? 3_600_000 : 400_000,
  );

  test('most operations were reached, and all refused something', () => {
    expect(answered.size).toBe(operationsOf(document).length);
    const reached = [...answered].filter(([, statuses]) => statuses.some((status) => status < 300));
    expect(reached.length / answered.size).toBeGreaterThan(0.6);
    // Few requests may all be good by chance: a slow machine has no time for more.
    const meek = [...answered].filter(
      ([, statuses]) => statuses.length >= RUNS / 2 && !statuses.some((status) => status >= 400),
    );
    expect(meek).toEqual([]);
  });

  test('afterwards everything works as before', async () => {
    expect((await ask(minibase.url, 'GET', '/health/ready')).status).toBe(200);
    expect((await aLogin(minibase, await aPlainApp(minibase, ['wechat']))).user.isNew).toBe(true);
  });
});
