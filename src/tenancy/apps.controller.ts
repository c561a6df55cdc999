import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { PageQuery } from '../common/pagination.js';
import { ApiKeys } from './api-keys.service.js';
import { ApiKeyPage, AppPage, AppView, CreateApiKey, CreateApp, NewApiKeyView, UpdateApp } from './apps.schemas.js';
import { Apps } from './apps.service.js';
import { Context, type RequestContext } from './caller.js';
import { Operation } from './operation.js';

@ApiTags('Apps')
@Controller('v1/apps')
export class AppsController {
  constructor(
    private readonly apps: Apps,
    private readonly keys: ApiKeys,
  ) {}

  @Post()
  @Operation({
    caller: 'operator',
    id: 'createApp',
    summary: 'Create an app',
    status: 201,
    returns: AppView,
    write: true,
    example: { name: 'My shop', mode: 'test' },
  })
  create(@Body({ schema: CreateApp }) body: CreateApp, @Context() context: RequestContext): Promise<AppView> {
    return this.apps.create(body, context);
  }

  @Get()
  @Operation({ caller: 'operator', id: 'listApps', summary: 'List apps', returns: AppPage })
  list(@Query({ schema: PageQuery }) query: PageQuery) {
    return this.apps.list(query);
  }

  @Get(':id')
  @Operation({
    caller: 'operator',
    id: 'getApp',
    summary: 'Read an app',
    returns: AppView,
    problems: ['app_not_found'],
  })
  get(@Param('id') id: string): Promise<AppView> {
    return this.apps.get(id);
  }

  @Patch(':id')
  @Operation({
    caller: 'operator',
    id: 'updateApp',
    summary: 'Rename an app',
    returns: AppView,
    write: true,
    problems: ['app_not_found'],
    example: { name: 'My shop, Shanghai' },
  })
  update(@Param('id') id: string, @Body({ schema: UpdateApp }) body: UpdateApp, @Context() context: RequestContext) {
    return this.apps.update(id, body, context);
  }

  @Post(':id/keys')
  @Operation({
    caller: 'operator',
    id: 'createApiKey',
    summary: 'Create a secret key of an app',
    description: 'The key is in `secret`, this once.',
    status: 201,
    returns: NewApiKeyView,
    write: true,
    problems: ['app_not_found', 'secret_already_shown'],
    example: { name: 'production server' },
  })
  createKey(
    @Param('id') id: string,
    @Body({ schema: CreateApiKey }) body: CreateApiKey,
    @Context() context: RequestContext,
  ): Promise<NewApiKeyView> {
    return this.keys.create(id, body, context);
  }

  @Get(':id/keys')
  @Operation({
    caller: 'operator',
    id: 'listApiKeys',
    summary: 'List the secret keys of an app',
    returns: ApiKeyPage,
    problems: ['app_not_found'],
  })
  listKeys(@Param('id') id: string, @Query({ schema: PageQuery }) query: PageQuery) {
    return this.keys.list(id, query);
  }

  @Delete(':id/keys/:keyId')
  @Operation({
    caller: 'operator',
    id: 'revokeApiKey',
    summary: 'Revoke a secret key',
    write: true,
    problems: ['app_not_found', 'api_key_not_found'],
  })
  revokeKey(@Param('id') id: string, @Param('keyId') keyId: string, @Context() context: RequestContext): Promise<void> {
    return this.keys.revoke(id, keyId, context);
  }
}
