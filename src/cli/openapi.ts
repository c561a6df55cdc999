import { randomBytes } from 'node:crypto';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from '../app.module.js';
import { readSettings, toConfig } from '../config/config.js';
import { openApiOf, toYaml } from '../console/openapi.js';

/** Prints `openapi.yaml`. Needs no database: the document follows from the code alone. */
export async function printOpenApi(): Promise<void> {
  const config = toConfig(readSettings({}), {
    databaseUrl: 'postgres://nobody@127.0.0.1:1/none',
    masterKeys: [randomBytes(32).toString('base64')],
    operatorTokens: ['none'],
  });
  const module = AppModule.with(config, { connect: false });
  const app = await NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter(), { logger: ['error'] });
  process.stdout.write(toYaml(openApiOf(app)));
}
