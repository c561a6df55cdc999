import { Controller, Get, HttpException, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Database, statement } from '../database/database.js';
import { Lanes } from '../queues/lane.js';
import { Operation } from '../tenancy/operation.js';

const Live = z.object({ status: z.literal('ok') }).meta({ id: 'Live' });
const Ready = z
  .object({
    status: z.enum(['ok', 'unavailable']),
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
    const ok = checks.every((one) => one.ok);
    if (!ok) void reply.status(503);
    return { status: ok ? ('ok' as const) : ('unavailable' as const), checks };
  }
}

async function check(name: string, ask: () => Promise<unknown>) {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new HttpException('no answer within 2 s', 503)), PATIENCE_MS);
  });
  try {
    await Promise.race([ask(), late]);
    return { name, ok: true, detail: 'answers' };
  } catch (error) {
    return { name, ok: false, detail: error instanceof Error ? error.message || error.name : 'does not answer' };
  } finally {
    clearTimeout(timer);
  }
}
