import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { pageOf } from '../common/pagination.js';
import { PLATFORM_CODES } from '../platforms/platform.js';
import { Platforms } from '../platforms/registry.js';
import { Operation } from '../tenancy/operation.js';

const Capability = z
  .object({
    platform: z.enum(PLATFORM_CODES),
    capabilities: z.record(z.string(), z.boolean()),
    credentials: z.record(z.string(), z.unknown()).meta({
      description: 'JSON Schema of the credentials of a platform account.',
    }),
    secretFields: z.array(z.string()),
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
      return { ...one, credentials: z.toJSONSchema(credentials, { unrepresentable: 'any' }), secretFields };
    });
    return { data, nextCursor: null };
  }
}
