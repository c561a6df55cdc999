import { Body, Controller, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { PLATFORM_PROBLEMS } from '../platforms/errors.js';
import { type AppCaller, Context, NamedApp, type RequestContext, User, type UserCaller } from '../tenancy/caller.js';
import { Operation } from '../tenancy/operation.js';
import { Login, LoginResult, Refresh, Tokens } from './auth.schemas.js';
import { Logins } from './login.service.js';
import { Sessions } from './sessions.js';

/** The problems of every operation that asks a platform. */
export const PLATFORM_ANSWERS = Object.entries(PLATFORM_PROBLEMS).map(([code, { status }]) => ({ code, status }));

@ApiTags('Login')
@Controller('v1/auth')
export class AuthController {
  constructor(
    private readonly logins: Logins,
    private readonly sessions: Sessions,
  ) {}

  @Post('login')
  @Operation({
    caller: 'app',
    id: 'login',
    summary: 'Log a person in with the code of the client login',
    description: 'Send `X-App-Id`. The first login of a person makes the user.',
    returns: LoginResult,
    write: true,
    problems: [
      'platform_account_missing',
      'platform_account_ambiguous',
      'platform_capability_missing',
      'secret_already_shown',
      ...PLATFORM_ANSWERS,
    ],
    example: { platform: 'wechat', code: '0b3aXyZl2fZ5Ef4kMn2l2dEfGh3aXyZQ' },
  })
  login(
    @NamedApp() caller: AppCaller,
    @Body({ schema: Login }) body: Login,
    @Context() context: RequestContext,
  ): Promise<LoginResult> {
    return this.logins.login(caller, body, context);
  }

  @Post('refresh')
  @Operation({
    caller: 'anyone',
    id: 'refreshTokens',
    summary: 'Exchange a refresh token for new tokens',
    description:
      'Each refresh token is good for one use; using it again ends the session. A repeat with the same ' +
      '`Idempotency-Key` within 60 seconds gets the same tokens, so send one: networks lose answers.',
    returns: Tokens,
    write: true,
    problems: ['refresh_token_invalid', 'refresh_token_reused', 'session_revoked'],
    example: { refreshToken: 'rt_…' },
  })
  refresh(@Body({ schema: Refresh }) { refreshToken }: Refresh, @Context() { idempotency }: RequestContext) {
    return this.sessions.refresh(refreshToken, idempotency);
  }

  @Post('logout')
  @Operation({ caller: 'user', id: 'logout', summary: 'End this session', write: true })
  logout(@User() caller: UserCaller): Promise<void> {
    return this.sessions.logout(caller);
  }
}
