import { Body, Controller, Get, Patch } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Context, type RequestContext, Server, type ServerCaller } from '../tenancy/caller.js';
import { Operation } from '../tenancy/operation.js';
import { BillingSettingsView, UpdateBillingSettings } from './billing-settings.schemas.js';
import { BillingSettings } from './billing-settings.service.js';

@ApiTags('Subscriptions')
@Controller('v1/billing-settings')
export class BillingSettingsController {
  constructor(private readonly settings: BillingSettings) {}

  @Get()
  @Operation({ caller: 'server', id: 'getBillingSettings', summary: 'How the app bills', returns: BillingSettingsView })
  get(@Server() { app }: ServerCaller): Promise<BillingSettingsView> {
    return this.settings.of(app.id);
  }

  @Patch()
  @Operation({
    caller: 'server',
    id: 'updateBillingSettings',
    summary: 'Change how the app bills',
    returns: BillingSettingsView,
    write: true,
    example: { graceDays: 3, finalAction: 'mark_unpaid' },
  })
  update(
    @Server() caller: ServerCaller,
    @Body({ schema: UpdateBillingSettings }) body: UpdateBillingSettings,
    @Context() context: RequestContext,
  ): Promise<BillingSettingsView> {
    return this.settings.update(caller, body, context);
  }
}
