import { Controller, Get, Header } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Operation } from '../tenancy/operation.js';
import { SigningKeys } from '../tenancy/signing-keys.js';

const Jwks = z
  .object({
    keys: z.array(
      z.object({
        kty: z.string(),
        crv: z.string(),
        x: z.string(),
        y: z.string(),
        kid: z.string(),
        use: z.literal('sig'),
        alg: z.literal('ES256'),
      }),
    ),
  })
  .meta({ id: 'Jwks' });

@ApiTags('Server')
@Controller('.well-known')
export class JwksController {
  constructor(private readonly keys: SigningKeys) {}

  @Get('jwks.json')
  @Header('cache-control', 'public, max-age=300')
  @Operation({
    caller: 'anyone',
    id: 'getJwks',
    summary: 'The public keys of our tokens',
    description: 'A new key stands here ten minutes before it signs; keep what you fetch for at most that long.',
    returns: Jwks,
  })
  async jwks() {
    return { keys: await this.keys.published() };
  }
}
