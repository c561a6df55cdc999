import { ForbiddenException, NotFoundException } from '@nestjs/common';
import { fastify, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { sendProblem } from './problem.filter.js';
import { PROBLEMS, problem, type ProblemCode } from './problems.js';

describe('errors become problems', () => {
  let server: FastifyInstance;
  let url: string;
  let thrown: unknown;
  const lines: string[] = [];
  beforeAll(async () => {
    const loggerInstance: FastifyBaseLogger = pino(
      { level: 'info' },
      { write: (line: string) => void lines.push(line) },
    );
    server = fastify({ loggerInstance, disableRequestLogging: true, genReqId: () => 'request-1' });
    server.setErrorHandler(sendProblem);
    server.get('/', () => {
      throw thrown;
    });
    url = await server.listen({ host: '127.0.0.1', port: 0 });
  });
  afterAll(() => server.close());

  async function answerTo(error: unknown) {
    thrown = error;
    lines.length = 0;
    const answer = await fetch(url);
    return { answer, text: await answer.clone().text(), body: (await answer.json()) as Record<string, unknown> };
  }

  test.each(Object.keys(PROBLEMS) as ProblemCode[])('%s has its status, and a body that is complete', async (code) => {
    const { answer, body } = await answerTo(problem(code, 'What happened here.'));
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json\b/);
    expect(answer.status).toBe(PROBLEMS[code].status);
    expect(body).toEqual({
      type: `/problems/${code}`,
      title: code.replaceAll('_', ' '),
      status: PROBLEMS[code].status,
      code,
      detail: 'What happened here.',
      requestId: 'request-1',
    });
  });

  test('the fields of an input and the code of a platform are shown', async () => {
    const errors = [{ path: 'user.name', message: 'is too long' }];
    const { body } = await answerTo(problem('validation_failed', 'No.', { errors, platformCode: '40029' }));
    expect(body).toMatchObject({ errors, platformCode: '40029' });
  });

  test('how long to wait is a header too', async () => {
    const { answer } = await answerTo(problem('unavailable', 'Wait.', { retryAfter: 7 }));
    expect(answer.headers.get('retry-after')).toBe('7');
    expect(answer.headers.has('ratelimit-limit')).toBe(false);
  });

  test('a limit is told in the RateLimit headers', async () => {
    const { answer } = await answerTo(problem('rate_limited', 'Wait.', { retryAfter: 7, limit: 300 }));
    const told = ['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset', 'retry-after'];
    expect(told.map((name) => answer.headers.get(name))).toEqual(['300', '0', '7', '7']);
  });

  test('what nobody foresaw says nothing of itself to the caller, and everything to the log', async () => {
    const { body, text, answer } = await answerTo(new TypeError('hunter2 is undefined'));
    expect({ status: answer.status, code: body['code'] }).toEqual({ status: 500, code: 'internal_error' });
    expect(text).not.toMatch(/hunter2|TypeError|\.ts/);
    expect(lines.join()).toContain('hunter2 is undefined');
    expect(lines.join()).toContain('request-1');
  });

  test.each(['text', 7, { statusCode: 'x' }, { statusCode: 200 }])('%j, thrown, is our fault', async (error) => {
    const { answer, body } = await answerTo(error);
    expect({ status: answer.status, code: body['code'] }).toEqual({ status: 500, code: 'internal_error' });
  });

  test.each(['ECONNREFUSED', 'ECONNRESET', '57P01', '57P03', '53300', '08006'])(
    'a database that is away (%s) is said to be away, without its address',
    async (code) => {
      const { body, text, answer } = await answerTo(Object.assign(new Error('connect 10.1.2.3:5432'), { code }));
      expect({ status: answer.status, code: body['code'] }).toEqual({ status: 503, code: 'unavailable' });
      expect(answer.headers.get('retry-after')).toBe('1');
      expect(text).not.toContain('10.1.2.3');
    },
  );

  test("Nest's own refusals become ours", async () => {
    expect((await answerTo(new NotFoundException('Cannot GET /x'))).body).toMatchObject({ code: 'not_found' });
    expect((await answerTo(new ForbiddenException('x'))).body).toMatchObject({
      status: 400,
      code: 'malformed_request',
    });
  });

  test.each([
    [400, 'malformed_request'],
    [413, 'payload_too_large'],
    [414, 'not_found'],
    [415, 'unsupported_media_type'],
  ])("Fastify's %i becomes %s", async (statusCode, code) => {
    const { body } = await answerTo(Object.assign(new Error('x'), { statusCode }));
    expect(body).toMatchObject({ code });
  });

  test('a refusal is not worth a line of its own', async () => {
    await answerTo(problem('user_not_found', 'No.'));
    expect(lines).toEqual([]);
  });
});
