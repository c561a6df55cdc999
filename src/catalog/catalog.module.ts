import { Global, Module } from '@nestjs/common';
import { MyPricesController, PricesController } from './prices.controller.js';
import { Prices } from './prices.service.js';
import { ProductsController } from './products.controller.js';
import { Products } from './products.service.js';
import { PublicPrices } from './public-prices.service.js';

@Global()
@Module({
  controllers: [ProductsController, PricesController, MyPricesController],
  providers: [Products, Prices, PublicPrices],
  exports: [Prices],
})
export class CatalogModule {}
