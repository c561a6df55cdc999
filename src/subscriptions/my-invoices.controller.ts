import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Context, type RequestContext, User, type UserCaller } from '../tenancy/caller.js';
import { Operation } from '../tenancy/operation.js';
import { InvoicePage, InvoicePreview, MyInvoiceQuery, InvoiceView, PreviewInvoice } from './invoices.schemas.js';
import type { InvoiceQuery } from './invoices.schemas.js';
import { Invoices } from './invoices.service.js';
import { PAY_PROBLEMS, PREVIEW_PROBLEMS } from './subscription-problems.js';
import { PaidInvoice, PayInvoice } from './subscriptions.schemas.js';

@ApiTags('My subscriptions')
@Controller('v1/me/invoices')
export class MyInvoicesController {
  constructor(private readonly invoices: Invoices) {}

  @Get()
  @Operation({
    caller: 'user',
    id: 'listMyInvoices',
    summary: 'List my invoices, newest first',
    returns: InvoicePage,
  })
  list(@User() { app, userId }: UserCaller, @Query({ schema: MyInvoiceQuery }) query: Omit<InvoiceQuery, 'userId'>) {
    return this.invoices.list(app.id, { ...query, userId });
  }

  @Post('preview')
  @Operation({
    caller: 'user',
    id: 'previewMyInvoice',
    summary: 'What the next period, or a change now, would cost',
    returns: InvoicePreview,
    write: true,
    problems: ['subscription_not_found', 'subscription_over', 'price_not_found', ...PREVIEW_PROBLEMS],
    example: { subscriptionId: 'sub_019a6b0c4d5e7f00a1b2c3d4e5f60718' },
  })
  preview(@User() { app, userId }: UserCaller, @Body({ schema: PreviewInvoice }) body: PreviewInvoice) {
    return this.invoices.preview(app, body, userId);
  }

  @Get(':id')
  @Operation({
    caller: 'user',
    id: 'getMyInvoice',
    summary: 'Read an invoice of mine',
    returns: InvoiceView,
    problems: ['invoice_not_found'],
  })
  get(@User() { app, userId }: UserCaller, @Param('id') id: string): Promise<InvoiceView> {
    return this.invoices.get(app.id, id, userId);
  }

  @Post(':id/pay')
  @Operation({
    caller: 'user',
    id: 'payMyInvoice',
    summary: 'Pay an open invoice',
    status: 201,
    returns: PaidInvoice,
    write: true,
    problems: PAY_PROBLEMS,
    example: { platform: 'wechat' },
  })
  pay(
    @User() { app, userId }: UserCaller,
    @Param('id') id: string,
    @Body({ schema: PayInvoice }) body: PayInvoice,
    @Context() context: RequestContext,
  ) {
    return this.invoices.pay(app, id, body, context, userId);
  }
}
