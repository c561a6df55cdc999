import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { pageOf } from '../common/pagination.js';
import { PLATFORM_CODES } from '../platforms/platform.js';
import { type PlatformCapabilities, Platforms } from '../platforms/registry.js';
import { Operation } from '../tenancy/operation.js';

const Capability = z
  .object({
    platform: z.enum(PLATFORM_CODES),
    capabilities: z.record(z.string(), z.boolean()),
    credentials: z.record(z.string(), z.unknown()).meta({
      description: 'JSON Schema of the credentials of a platform account.',
    }),
    secretFields: z.array(z.string()),
    merchantCredentials: z.record(z.string(), z.unknown()).nullable().meta({
      description: 'JSON Schema of the credentials of a merchant account; null where no payments are taken.',
    }),
    merchantSecretFields: z.array(z.string()),
    paymentSettings: z.record(z.string(), z.unknown()).nullable().meta({
      description: 'JSON Schema of what only this platform wants of a payment; null where no payments are taken.',
    }),
    requiredPaymentSettings: z.array(z.string()),
  })
  .meta({ id: 'Capability' });
const CapabilityPage = pageOf(Capability).meta({ id: 'CapabilityPage' });

@ApiTags('Server')
@Controller('v1/capabilities')
export class CapabilitiesController {
  constructor(private readonly platforms: Platforms) {}

  @Get()
  @Operation({
    caller: 'anyone',
    id: 'listCapabilities',
    summary: 'What works on which platform, and which credentials it needs',
    returns: CapabilityPage,
  })
  list() {
    const data = this.platforms.capabilities().map((one) => {
      const { credentials, secretFields } = this.platforms.get(one.platform);
      return { ...one, credentials: jsonSchema(credentials), secretFields, ...this.#payments(one) };
    });
    return { data, nextCursor: null };
  }

  #payments({ platform, capabilities }: PlatformCapabilities) {
    const payments = capabilities.pay ? this.platforms.payments(platform) : undefined;
    return {
      merchantCredentials: payments ? jsonSchema(payments.merchant.credentials) : null,
      merchantSecretFields: payments?.merchant.secretFields ?? [],
      paymentSettings: payments ? jsonSchema(payments.settings) : null,
      requiredPaymentSettings: payments?.requiredSettings ?? [],
    };
  }
}

/** What one may send; what a check makes of it is nobody's business. */
const jsonSchema = (schema: z.ZodType) => z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' });
