import { createHash, timingSafeEqual } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { problem } from '../common/problems.js';
import { Config } from '../config/config.js';
import { ApiKeys } from './api-keys.service.js';
import { Apps } from './apps.service.js';
import type { Caller, CallerKind, UserCaller } from './caller.js';
import { idempotencyKeyOf } from './idempotency.js';
import { CALLER_KIND } from './operation.js';
import { RateLimits } from './rate-limits.js';

/** Who knows users' access tokens; the `auth` domain does. Throws 401 problems. */
export abstract class UserAuthenticator {
  abstract authenticate(accessToken: string): Promise<UserCaller>;
}

/** Lets nobody in whom the route's `@Operation` does not name; a route that names nobody answers nobody. */
@Injectable()
export class AuthenticationGuard implements CanActivate {
  readonly #operatorHashes: readonly Buffer[];

  constructor(
    private readonly reflector: Reflector,
    private readonly apps: Apps,
    private readonly keys: ApiKeys,
    private readonly users: UserAuthenticator,
    private readonly limits: RateLimits,
    private readonly config: Config,
  ) {
    this.#operatorHashes = config.operatorTokens.map(sha256);
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const kind = this.reflector.get<CallerKind | undefined>(CALLER_KIND, context.getHandler());
    if (!kind) throw problem('unauthenticated', 'This route admits nobody.');
    if (this.config.role === 'worker' && kind !== 'anyone') {
      throw problem('not_found', 'This process works the queues; the API is served by others.');
    }
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const caller = await this.#identify(kind, request);
    await this.#limit(caller);
    request.caller = caller;
    const key = idempotencyKeyOf(request, caller);
    if (key) request.idempotency = key;
    return true;
  }

  async #identify(kind: CallerKind, request: FastifyRequest): Promise<Caller> {
    switch (kind) {
      case 'anyone':
        return { kind };
      case 'app':
        return { kind, app: await this.apps.record(headerOf(request, 'x-app-id')) };
      case 'server':
        return this.keys.authenticate(bearerOf(request, 'a secret key (mb_test_… or mb_live_…)'));
      case 'user':
        return this.users.authenticate(bearerOf(request, "a user's access token"));
      case 'operator':
        return this.#operator(bearerOf(request, 'an operator token'));
    }
  }

  #operator(token: string): Caller {
    const hash = sha256(token);
    // Every token is compared, so that the time tells nothing.
    const known = this.#operatorHashes.filter((one) => timingSafeEqual(one, hash)).length > 0;
    if (!known) throw problem('unauthenticated', 'This is not the operator token.');
    return { kind: 'operator' };
  }

  async #limit(caller: Caller): Promise<void> {
    if (caller.kind === 'server') await this.limits.take('app', caller.app.id);
    if (caller.kind === 'user') await this.limits.take('user', caller.userId);
  }
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

function bearerOf(request: FastifyRequest, what: string): string {
  const [scheme, token] = request.headers.authorization?.split(' ') ?? [];
  if (scheme?.toLowerCase() !== 'bearer' || !token) {
    throw problem('unauthenticated', `Send Authorization: Bearer with ${what}.`);
  }
  return token;
}

function headerOf(request: FastifyRequest, name: string): string {
  const value = request.headers[name];
  if (typeof value !== 'string' || value === '') {
    throw problem('validation_failed', 'Send X-App-Id: app_… to say which app this login is for.');
  }
  return value;
}
