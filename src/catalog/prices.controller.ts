import { Body, Controller, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { PageQuery } from '../common/pagination.js';
import { Context, type RequestContext, Server, type ServerCaller, User, type UserCaller } from '../tenancy/caller.js';
import { Operation } from '../tenancy/operation.js';
import { CreatePrice, PricePage, PriceQuery, PriceView, PublicPricePage, UpdatePrice } from './prices.schemas.js';
import { Prices } from './prices.service.js';
import { PublicPrices } from './public-prices.service.js';

@ApiTags('Catalog')
@Controller('v1/prices')
export class PricesController {
  constructor(private readonly prices: Prices) {}

  @Post()
  @Operation({
    caller: 'server',
    id: 'createPrice',
    summary: 'Create a price of a product',
    description: 'What it costs never changes: make another price, and make this one inactive.',
    status: 201,
    returns: PriceView,
    write: true,
    problems: ['platform_capability_missing'],
    example: { productId: 'prd_019a6b0c4d5e7f00a1b2c3d4e5f60718', amount: 1990, audience: 'public', maxQuantity: 10 },
  })
  create(
    @Server() caller: ServerCaller,
    @Body({ schema: CreatePrice }) body: CreatePrice,
    @Context() context: RequestContext,
  ): Promise<PriceView> {
    return this.prices.create(caller, body, context);
  }

  @Get()
  @Operation({ caller: 'server', id: 'listPrices', summary: 'List prices', returns: PricePage })
  list(@Server() { app }: ServerCaller, @Query({ schema: PriceQuery }) query: PriceQuery) {
    return this.prices.list(app.id, query);
  }

  @Get(':id')
  @Operation({
    caller: 'server',
    id: 'getPrice',
    summary: 'Read a price',
    returns: PriceView,
    problems: ['price_not_found'],
  })
  get(@Server() { app }: ServerCaller, @Param('id') id: string): Promise<PriceView> {
    return this.prices.get(app.id, id);
  }

  @Patch(':id')
  @Operation({
    caller: 'server',
    id: 'updatePrice',
    summary: 'Change who may pay a price, how many, or its settings',
    description: '`platforms` replace what was there.',
    returns: PriceView,
    write: true,
    problems: ['price_not_found', 'platform_capability_missing'],
    example: { active: false },
  })
  update(
    @Server() caller: ServerCaller,
    @Param('id') id: string,
    @Body({ schema: UpdatePrice }) body: UpdatePrice,
    @Context() context: RequestContext,
  ): Promise<PriceView> {
    return this.prices.update(caller, id, body, context);
  }
}

@ApiTags('Catalog')
@Controller('v1/me/prices')
export class MyPricesController {
  constructor(private readonly prices: PublicPrices) {}

  @Get()
  @Operation({
    caller: 'user',
    id: 'listMyPrices',
    summary: 'List the prices that are public and active',
    returns: PublicPricePage,
  })
  list(@User() { app }: UserCaller, @Query({ schema: PageQuery }) query: PageQuery) {
    return this.prices.list(app.id, query);
  }
}
