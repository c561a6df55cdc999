import { Body, Controller, Get, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Context, type RequestContext, Server, type ServerCaller } from './caller.js';
import { Operation } from './operation.js';
import { AdvanceTestClock, TestClockView } from './test-clock.schemas.js';
import { TestClock } from './test-clock.service.js';

@ApiTags('Test clock')
@Controller('v1/test-clock')
export class TestClockController {
  constructor(private readonly clock: TestClock) {}

  @Get()
  @Operation({
    caller: 'server',
    id: 'getTestClock',
    summary: "Read the app's business time",
    returns: TestClockView,
    problems: ['test_app_only'],
  })
  get(@Server() { app }: ServerCaller): Promise<TestClockView> {
    return this.clock.get(app);
  }

  @Post('advance')
  @Operation({
    caller: 'server',
    id: 'advanceTestClock',
    summary: "Move the app's business time ahead",
    description:
      'Everything that becomes due on the way happens in order, here and in the sandbox. 200 when it has settled; 202 after a minute, while it goes on: ask `GET /v1/test-clock`.',
    returns: TestClockView,
    write: true,
    problems: ['test_app_only', 'test_clock_advancing', 'sandbox_unavailable'],
    example: { days: 31 },
  })
  async advance(
    @Server() { app }: ServerCaller,
    @Body({ schema: AdvanceTestClock }) body: AdvanceTestClock,
    @Context() context: RequestContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TestClockView> {
    const view = await this.clock.advance(app, body, context);
    if (view.status === 'advancing') void reply.status(202);
    return view;
  }
}
