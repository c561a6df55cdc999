import { Body, Controller, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Context, type RequestContext, Server, type ServerCaller } from '../tenancy/caller.js';
import { Operation } from '../tenancy/operation.js';
import { CreateProduct, ProductPage, ProductQuery, ProductView, UpdateProduct } from './products.schemas.js';
import { Products } from './products.service.js';

@ApiTags('Catalog')
@Controller('v1/products')
export class ProductsController {
  constructor(private readonly products: Products) {}

  @Post()
  @Operation({
    caller: 'server',
    id: 'createProduct',
    summary: 'Create a product',
    status: 201,
    returns: ProductView,
    write: true,
    example: { name: 'Pro', features: { pro: true, seats: 5 } },
  })
  create(
    @Server() caller: ServerCaller,
    @Body({ schema: CreateProduct }) body: CreateProduct,
    @Context() context: RequestContext,
  ): Promise<ProductView> {
    return this.products.create(caller, body, context);
  }

  @Get()
  @Operation({ caller: 'server', id: 'listProducts', summary: 'List products', returns: ProductPage })
  list(@Server() { app }: ServerCaller, @Query({ schema: ProductQuery }) query: ProductQuery) {
    return this.products.list(app.id, query);
  }

  @Get(':id')
  @Operation({
    caller: 'server',
    id: 'getProduct',
    summary: 'Read a product',
    returns: ProductView,
    problems: ['product_not_found'],
  })
  get(@Server() { app }: ServerCaller, @Param('id') id: string): Promise<ProductView> {
    return this.products.get(app.id, id);
  }

  @Patch(':id')
  @Operation({
    caller: 'server',
    id: 'updateProduct',
    summary: 'Change a product',
    description: '`features` and `metadata` replace what was there. One that is not active can no longer be bought.',
    returns: ProductView,
    write: true,
    problems: ['product_not_found'],
    example: { features: { pro: true, seats: 10 } },
  })
  update(
    @Server() caller: ServerCaller,
    @Param('id') id: string,
    @Body({ schema: UpdateProduct }) body: UpdateProduct,
    @Context() context: RequestContext,
  ): Promise<ProductView> {
    return this.products.update(caller, id, body, context);
  }
}
