import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Context, type RequestContext, Server, type ServerCaller } from '../tenancy/caller.js';
import { Operation } from '../tenancy/operation.js';
import { InvoicePage, InvoicePreview, InvoiceQuery, InvoiceView, PreviewInvoice } from './invoices.schemas.js';

import { Invoices } from './invoices.service.js';
import { PAY_PROBLEMS, PREVIEW_PROBLEMS } from './subscription-problems.js';
import { PaidInvoice, PayInvoice } from './subscriptions.schemas.js';

@ApiTags('Subscriptions')
@Controller('v1/invoices')
export class InvoicesController {
  constructor(private readonly invoices: Invoices) {}

  @Get()
  @Operation({
    caller: 'server',
    id: 'listInvoices',
    summary: 'List invoices, newest first',
    returns: InvoicePage,
  })
  list(@Server() { app }: ServerCaller, @Query({ schema: InvoiceQuery }) query: InvoiceQuery) {
    return this.invoices.list(app.id, query);
  }

  @Post('preview')
  @Operation({
    caller: 'server',
    id: 'previewInvoice',
    summary: 'What the next period, or a change now, would cost',
    returns: InvoicePreview,
    write: true,
    problems: ['subscription_not_found', 'subscription_over', 'price_not_found', ...PREVIEW_PROBLEMS],
    example: { subscriptionId: 'sub_019a6b0c4d5e7f00a1b2c3d4e5f60718' },
  })
  preview(@Server() { app }: ServerCaller, @Body({ schema: PreviewInvoice }) body: PreviewInvoice) {
    return this.invoices.preview(app, body);
  }

  @Get(':id')
  @Operation({
    caller: 'server',
    id: 'getInvoice',
    summary: 'Read an invoice',
    returns: InvoiceView,
    problems: ['invoice_not_found'],
  })
  get(@Server() { app }: ServerCaller, @Param('id') id: string): Promise<InvoiceView> {
    return this.invoices.get(app.id, id);
  }

  @Post(':id/pay')
  @Operation({
    caller: 'server',
    id: 'payInvoice',
    summary: 'Let the user pay an open invoice',
    status: 201,
    returns: PaidInvoice,
    write: true,
    problems: PAY_PROBLEMS,
    example: { platform: 'wechat' },
  })
  pay(
    @Server() { app }: ServerCaller,
    @Param('id') id: string,
    @Body({ schema: PayInvoice }) body: PayInvoice,
    @Context() context: RequestContext,
  ) {
    return this.invoices.pay(app, id, body, context);
  }
}
