import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { IdempotencyKey } from './idempotency.js';

/** An app as the request path needs it: cached, so nothing here is secret. */
export interface AppRecord {
  readonly id: string;
  readonly mode: 'test' | 'live';
  /** Milliseconds that the app's business time is ahead. */
  readonly clockOffset: number;
}

export interface OperatorCaller {
  readonly kind: 'operator';
}
/** The developer's server, by secret key. */
export interface ServerCaller {
  readonly kind: 'server';
  readonly app: AppRecord;
  readonly keyId: string;
}
/** A user's mini-program, by access token. */
export interface UserCaller {
  readonly kind: 'user';
  readonly app: AppRecord;
  readonly userId: string;
  readonly sessionId: string;
  readonly identityId: string;
}
/** A mini-program before login: it only names its app (`X-App-Id`). */
export interface AppCaller {
  readonly kind: 'app';
  readonly app: AppRecord;
}
/** Anybody: health, keys, documents. */
export interface AnyoneCaller {
  readonly kind: 'anyone';
}

export type Caller = OperatorCaller | ServerCaller | UserCaller | AppCaller | AnyoneCaller;
export type CallerKind = Caller['kind'];

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the guard before any handler runs. */
    caller?: Caller;
    /** Set when the request carries an Idempotency-Key. */
    idempotency?: IdempotencyKey;
  }
}

const callerOf = (kind: CallerKind) => (_: unknown, context: ExecutionContext) => {
  const { caller } = context.switchToHttp().getRequest<FastifyRequest>();
  if (caller?.kind !== kind)
    throw new Error(`a handler asked for a ${kind} caller on a route that admits another kind`);
  return caller;
};

/** Parameter: the secret key's app and id. */
export const Server = createParamDecorator(callerOf('server'));
/** Parameter: the user behind the access token. */
export const User = createParamDecorator(callerOf('user'));
/** Parameter: the app that `X-App-Id` names. */
export const NamedApp = createParamDecorator(callerOf('app'));

/** Who acts, as the audit log and the idempotency keys name them. */
export function actorOf(caller: Caller): string {
  switch (caller.kind) {
    case 'operator':
    case 'anyone':
      return caller.kind;
    case 'server':
      return caller.keyId;
    case 'user':
      return caller.userId;
    case 'app':
      return 'app';
  }
}

/** What writes carry on: who asks, under which key, and the request's name in the log. */
export interface RequestContext {
  readonly requestId: string;
  readonly actor: string;
  readonly ip: string;
  readonly userAgent: string | undefined;
  readonly idempotency: IdempotencyKey | undefined;
}

/** Parameter: see RequestContext. */
export const Context = createParamDecorator((_: unknown, context: ExecutionContext): RequestContext => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  return {
    requestId: request.id,
    actor: actorOf(request.caller ?? { kind: 'anyone' }),
    ip: request.ip,
    userAgent: request.headers['user-agent']?.slice(0, 200),
    idempotency: request.idempotency,
  };
});
