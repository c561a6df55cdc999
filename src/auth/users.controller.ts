import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Context, type RequestContext, Server, type ServerCaller } from '../tenancy/caller.js';
import { Operation } from '../tenancy/operation.js';
import { Erasure } from './erasure.js';
import { MergeUser, UpdateUser, UserPage, UserQuery, UserView } from './me.schemas.js';
import { Merging } from './merging.js';
import { Users } from './users.service.js';

@ApiTags('Users')
@Controller('v1/users')
export class UsersController {
  constructor(
    private readonly users: Users,
    private readonly merging: Merging,
    private readonly erasure: Erasure,
  ) {}

  @Get()
  @Operation({ caller: 'server', id: 'listUsers', summary: 'List users, or find them by phone', returns: UserPage })
  list(@Server() { app }: ServerCaller, @Query({ schema: UserQuery }) query: UserQuery) {
    return this.users.list(app.id, query);
  }

  @Get(':id')
  @Operation({
    caller: 'server',
    id: 'getUser',
    summary: 'Read a user',
    description: 'For the id of a merged user, the user who took over.',
    returns: UserView,
    problems: ['user_not_found'],
  })
  get(@Server() { app }: ServerCaller, @Param('id') id: string): Promise<UserView> {
    return this.users.get({ appId: app.id, userId: id });
  }

  @Patch(':id')
  @Operation({
    caller: 'server',
    id: 'updateUser',
    summary: 'Change the profile or metadata of a user',
    returns: UserView,
    write: true,
    problems: ['user_not_found', 'user_gone'],
    example: { metadata: { vip: 'gold' } },
  })
  async update(
    @Server() { app }: ServerCaller,
    @Param('id') id: string,
    @Body({ schema: UpdateUser }) body: UpdateUser,
    @Context() context: RequestContext,
  ): Promise<UserView> {
    return this.users.update({ appId: app.id, userId: id }, body, context);
  }

  @Post(':id/merge')
  @Operation({
    caller: 'server',
    id: 'mergeUser',
    summary: 'Merge a user into another, who gets all its identities and belongings',
    returns: UserView,
    write: true,
    problems: ['user_not_found', 'merge_impossible'],
    example: { into: 'usr_019a6b0c4d5e7f00a1b2c3d4e5f60718' },
  })
  merge(
    @Server() { app }: ServerCaller,
    @Param('id') id: string,
    @Body({ schema: MergeUser }) { into }: MergeUser,
    @Context() context: RequestContext,
  ): Promise<UserView> {
    return this.merging.merge(app.id, id, into, context);
  }

  @Delete(':id')
  @Operation({
    caller: 'server',
    id: 'eraseUser',
    summary: 'Erase the personal data of a user and end all sessions',
    write: true,
    problems: ['user_not_found', 'user_gone'],
  })
  erase(@Server() { app }: ServerCaller, @Param('id') id: string, @Context() context: RequestContext): Promise<void> {
    return this.erasure.erase({ appId: app.id, userId: id }, context);
  }
}
