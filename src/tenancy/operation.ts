import { applyDecorators, HttpCode, SetMetadata } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiBody,
  ApiHeader,
  ApiOperation,
  ApiResponse,
  ApiSecurity,
  type ApiResponseOptions,
} from '@nestjs/swagger';
import type { z } from 'zod';
import { PROBLEMS, type ProblemCode } from '../common/problems.js';
import type { CallerKind } from './caller.js';

export const CALLER_KIND = 'minibase:caller';

export interface OperationOptions {
  /** The one kind of caller that may; there is no default, and a route without one answers nobody. */
  caller: CallerKind;
  /** `operationId`: SDKs take their method names from it. */
  id: string;
  summary: string;
  description?: string;
  /** Status of success; 200 when left out, 204 when there is no `returns`. */
  status?: number;
  returns?: z.ZodType;
  /** A filled body for the console. */
  example?: unknown;
  /** A filled answer for the reader of the document. */
  answer?: unknown;
  /** Problems of this operation beyond those of every operation of its kind. */
  problems?: readonly (ProblemCode | { code: string; status: number })[];
  /** Whether it writes, and so takes an `Idempotency-Key`. */
  write?: boolean;
}

const BEARER: Record<CallerKind, string | undefined> = {
  user: 'user',
  server: 'secretKey',
  operator: 'operator',
  app: undefined,
  anyone: undefined,
};

const COMMON: Record<CallerKind, readonly ProblemCode[]> = {
  user: ['unauthenticated', 'token_expired', 'token_invalid', 'session_revoked', 'rate_limited'],
  server: ['unauthenticated', 'rate_limited'],
  operator: ['unauthenticated'],
  app: ['app_not_found', 'rate_limited'],
  anyone: [],
};

/** Says everything about a route but its path: who may, its name, its answers. The OpenAPI document follows from it. */
export function Operation(options: OperationOptions): MethodDecorator {
  const status = options.status ?? (options.returns ? 200 : 204);
  const bearer = BEARER[options.caller];
  return applyDecorators(
    SetMetadata(CALLER_KIND, options.caller),
    HttpCode(status),
    ApiOperation({
      operationId: options.id,
      summary: options.summary,
      ...(options.description ? { description: options.description } : {}),
    }),
    ...(bearer ? [ApiBearerAuth(bearer)] : []),
    ...(options.caller === 'app' ? [ApiSecurity('appId')] : []),
    ...(options.example === undefined ? [] : [ApiBody({ examples: { example: { value: options.example } } } as never)]),
    ApiResponse(success(status, options)),
    ...problemResponses(options),
    ...(options.write
      ? [
          ApiHeader({
            name: 'Idempotency-Key',
            required: false,
            description: 'The same key never acts twice; the repeat gets the first answer.',
            schema: { type: 'string', maxLength: 255 },
          }),
        ]
      : []),
  );
}

const success = (status: number, { returns, answer, summary }: OperationOptions): ApiResponseOptions => ({
  status,
  description: summary,
  ...(returns ? { standardSchema: returns } : {}),
  ...(answer === undefined ? {} : { example: answer }),
});

function problemResponses({ caller, problems = [], write = false }: OperationOptions): MethodDecorator[] {
  const codes = [
    ...COMMON[caller],
    ...problems,
    'validation_failed' as const,
    ...(write
      ? (['malformed_body', 'idempotency_key_reused', 'idempotency_in_progress', 'payload_too_large'] as const)
      : []),
    'internal_error' as const,
    'unavailable' as const,
  ];
  const byStatus = new Map<number, Set<string>>();
  for (const entry of codes) {
    const { code, status } = typeof entry === 'string' ? { code: entry, status: PROBLEMS[entry].status } : entry;
    byStatus.set(status, (byStatus.get(status) ?? new Set()).add(code));
  }
  return [...byStatus].sort(([a], [b]) => a - b).map(([status, names]) => problemResponse(status, [...names]));
}

const problemResponse = (status: number, codes: string[]): MethodDecorator =>
  ApiResponse({
    status,
    description: codes.map((code) => `\`${code}\``).join(', '),
    content: {
      'application/problem+json': {
        schema: { $ref: '#/components/schemas/Problem' },
        examples: Object.fromEntries(codes.map((code) => [code, { value: exampleProblem(code, status) }])),
      },
    },
  });

const exampleProblem = (code: string, status: number) => ({
  type: `/problems/${code}`,
  title: code.replaceAll('_', ' '),
  status,
  code,
  detail: code in PROBLEMS ? PROBLEMS[code as ProblemCode].title : code.replaceAll('_', ' '),
  requestId: '019a6b0c4d5e7f00a1b2c3d4e5f60718',
});
