import { Controller, Get, Res } from '@nestjs/common';
import { ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Database, statement } from '../database/database.js';
import { Lanes } from '../queues/lane.js';
import { within } from '../queues/within.js';
import { Operation } from '../tenancy/operation.js';

const Live = z.object({ status: z.literal('ok') }).meta({ id: 'Live' });
const Ready = z
  .object({
    status: z.enum(['ok', 'degraded', 'unavailable']),
    checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
  })
  .meta({ id: 'Ready' });

const PING = statement('select 1');
const PATIENCE_MS = 2_000;

@ApiTags('Server')
@Controller('health')
export class HealthController {
  constructor(
    private readonly db: Database,
    private readonly lanes: Lanes,
  ) {}

  @Get('live')
  @Operation({ caller: 'anyone', id: 'live', summary: 'Whether the process runs', returns: Live })
  live() {
    return { status: 'ok' as const };
  }

  @Get('ready')
  @ApiServiceUnavailableResponse({ standardSchema: Ready, description: 'What does not answer' })
  @Operation({
    caller: 'anyone',
    id: 'ready',
    summary: 'Whether requests can be served, and if not, why',
    returns: Ready,
  })
  async ready(@Res({ passthrough: true }) reply: FastifyReply) {
    const checks = await Promise.all([
      check('postgres', () => this.db.run(PING, [])),
      check('queues', () => this.lanes.ping()),
    ]);
    const [postgres] = checks;
    if (!postgres.ok) void reply.status(503);
    // Without its queues a server still serves: nudges are lost, and the sweeps find the work later.
    const degraded = checks.every((one) => one.ok) ? ('ok' as const) : ('degraded' as const);
    return { status: postgres.ok ? degraded : ('unavailable' as const), checks };
  }
}

async function check(name: string, ask: () => Promise<unknown>) {
  try {
    await within(PATIENCE_MS, ask(), () => {
      throw new Error('late');
    });
    return { name, ok: true, detail: 'answers' };
  } catch (error) {
    // Never the message: it names hosts and users, and everybody may ask.
    const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
    return { name, ok: false, detail: `does not answer${code}` };
  }
}
