import { Body, Controller, Delete, Get, Param, Patch, Post, Put } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Context, type RequestContext, User, type UserCaller } from '../tenancy/caller.js';
import { Operation } from '../tenancy/operation.js';
import { PLATFORM_ANSWERS } from './auth.controller.js';
import { IdentityView } from './auth.schemas.js';
import { Erasure } from './erasure.js';
import { Identities } from './identities.js';
import {
  IdentityPage,
  LinkIdentity,
  SessionPage,
  SetPhone,
  SetProfile,
  UpdateMe,
  UserExport,
  UserView,
} from './me.schemas.js';
import { Me } from './me.service.js';
import { Sessions } from './sessions.js';
import type { UserRef } from '../tenancy/user-listeners.js';
import { Users } from './users.service.js';

const self = ({ app, userId }: UserCaller): UserRef => ({ appId: app.id, userId });

@ApiTags('Me')
@Controller('v1/me')
export class MeController {
  constructor(
    private readonly users: Users,
    private readonly me: Me,
    private readonly identities: Identities,
    private readonly sessions: Sessions,
    private readonly erasure: Erasure,
  ) {}

  @Get()
  @Operation({ caller: 'user', id: 'getMe', summary: 'Read my profile', returns: UserView })
  get(@User() caller: UserCaller): Promise<UserView> {
    return this.users.get(self(caller));
  }

  @Patch()
  @Operation({
    caller: 'user',
    id: 'updateMe',
    summary: 'Change my nickname or avatar',
    returns: UserView,
    write: true,
    problems: ['user_gone'],
    example: { nickname: 'Xiaoming' },
  })
  update(@User() caller: UserCaller, @Body({ schema: UpdateMe }) body: UpdateMe, @Context() context: RequestContext) {
    return this.users.update(self(caller), body, context);
  }

  // `wx.request` and its kin know no PATCH.
  @Put()
  @Operation({
    caller: 'user',
    id: 'putMe',
    summary: 'Change my nickname or avatar, for clients that know no PATCH',
    returns: UserView,
    write: true,
    problems: ['user_gone'],
    example: { nickname: 'Xiaoming' },
  })
  put(@User() caller: UserCaller, @Body({ schema: UpdateMe }) body: UpdateMe, @Context() context: RequestContext) {
    return this.users.update(self(caller), body, context);
  }

  @Delete()
  @Operation({
    caller: 'user',
    id: 'eraseMe',
    summary: 'Erase my personal data and end all my sessions',
    write: true,
    problems: ['user_gone'],
  })
  erase(@User() caller: UserCaller, @Context() context: RequestContext): Promise<void> {
    return this.erasure.erase(self(caller), context);
  }

  @Get('export')
  @Operation({ caller: 'user', id: 'exportMe', summary: 'Everything that is kept about me', returns: UserExport })
  export(@User() caller: UserCaller): Promise<UserExport> {
    return this.me.export(caller);
  }

  @Post('phone')
  @Operation({
    caller: 'user',
    id: 'setMyPhone',
    summary: 'Set my phone number by the word of a platform',
    description: 'With the `code` of the phone button, or its `encryptedData` (and `iv`).',
    returns: UserView,
    write: true,
    problems: [
      'identity_not_found',
      'platform_account_missing',
      'platform_account_ambiguous',
      'platform_capability_missing',
      'user_gone',
      ...PLATFORM_ANSWERS,
    ],
    example: { platform: 'wechat', code: 'e31968a7f94cc5ee25fafc2aef2773f0bb8c3937b22520eb8ee345274d00c144' },
  })
  setPhone(@User() caller: UserCaller, @Body({ schema: SetPhone }) body: SetPhone, @Context() context: RequestContext) {
    return this.me.setPhone(caller, body, context);
  }

  @Post('profile')
  @Operation({
    caller: 'user',
    id: 'setMyProfile',
    summary: 'Set my nickname and avatar from the signed data of the client',
    returns: UserView,
    write: true,
    problems: [
      'identity_not_found',
      'platform_account_missing',
      'platform_account_ambiguous',
      'platform_capability_missing',
      'user_gone',
      ...PLATFORM_ANSWERS,
    ],
    example: {
      platform: 'wechat',
      rawData: '{"nickName":"Band"}',
      signature: '75e81ceda165f4ffa64f4068af58c64b8f54b88c',
    },
  })
  setProfile(
    @User() caller: UserCaller,
    @Body({ schema: SetProfile }) body: SetProfile,
    @Context() context: RequestContext,
  ): Promise<UserView> {
    return this.me.setProfile(caller, body, context);
  }

  @Get('identities')
  @Operation({ caller: 'user', id: 'listMyIdentities', summary: 'List where I can log in', returns: IdentityPage })
  async listIdentities(@User() caller: UserCaller) {
    return { data: await this.identities.list(self(caller)), nextCursor: null };
  }

  @Post('identities')
  @Operation({
    caller: 'user',
    id: 'linkMyIdentity',
    summary: 'Log in at another mini-program too, as the same user',
    status: 201,
    returns: IdentityView,
    write: true,
    problems: [
      'identity_taken',
      'platform_account_missing',
      'platform_account_ambiguous',
      'platform_capability_missing',
      'user_gone',
      ...PLATFORM_ANSWERS,
    ],
    example: { platform: 'douyin', code: '0b3aXyZl2fZ5Ef4kMn2l2dEfGh3aXyZQ' },
  })
  link(
    @User() caller: UserCaller,
    @Body({ schema: LinkIdentity }) body: LinkIdentity,
    @Context() context: RequestContext,
  ) {
    return this.identities.link(caller, body, context);
  }

  @Delete('identities/:id')
  @Operation({
    caller: 'user',
    id: 'unlinkMyIdentity',
    summary: 'No longer log in there; never the last one',
    write: true,
    problems: ['identity_not_found', 'last_identity', 'user_gone'],
  })
  unlink(@User() caller: UserCaller, @Param('id') id: string, @Context() context: RequestContext): Promise<void> {
    return this.identities.unlink(caller, id, context);
  }

  @Get('sessions')
  @Operation({ caller: 'user', id: 'listMySessions', summary: 'List my sessions', returns: SessionPage })
  listSessions(@User() caller: UserCaller) {
    return this.sessions.list(caller);
  }

  @Delete('sessions')
  @Operation({ caller: 'user', id: 'revokeMyOtherSessions', summary: 'End all my sessions but this one', write: true })
  revokeOthers(@User() caller: UserCaller, @Context() context: RequestContext): Promise<void> {
    return this.sessions.revokeOthers(caller, context);
  }

  @Delete('sessions/:id')
  @Operation({
    caller: 'user',
    id: 'revokeMySession',
    summary: 'End one of my sessions',
    write: true,
    problems: ['session_not_found'],
  })
  revoke(@User() caller: UserCaller, @Param('id') id: string, @Context() context: RequestContext): Promise<void> {
    return this.sessions.revoke(caller, id, context);
  }
}
