import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import swaggerUi from 'swagger-ui-express';
import { Config } from '../config/config.js';
import { Metrics } from './metrics.js';
import { BullLanes } from '../queues/bull-lanes.js';
import { openApiOf, toYaml } from './openapi.js';
import { operatorOnly } from './operator-only.js';
import { allowInline, noSuchPage, pageFailed, pageHeaders } from './page-safety.js';
import { queueBoard } from './queue-board.js';

/** Fills the console with the demo app's own values, so that the first click on "Try it out" works. */
const preauthorize = (demo: Demo): string => `
  const fill = () => {
    // Before the document has arrived, swagger-ui knows no security schemes and forgets what it is told.
    if (!window.ui?.specSelectors.securityDefinitions()) return setTimeout(fill, 50);
    window.ui.preauthorizeApiKey('appId', ${JSON.stringify(demo.appId)});
    window.ui.preauthorizeApiKey('secretKey', ${JSON.stringify(demo.secretKey)});
    window.ui.preauthorizeApiKey('operator', ${JSON.stringify(demo.operatorToken)});
  };
  fill();`;

interface Demo {
  appId: string;
  secretKey: string;
  operatorToken: string;
}

/**
 * What people open in a browser or scrape: a small Express app beside the API, as swagger-ui-express wants one.
 * Outside development it asks for the operator token (HTTP Basic, any user name).
 */
export function mountConsole(app: NestFastifyApplication): void {
  const config = app.get(Config);
  const metrics = app.get(Metrics);
  const site = express().disable('x-powered-by').disable('etag');
  // Made at the first look: a server that is never looked at need not pay for the document.
  let made: OpenAPIObject | undefined;
  // Relative, so that what is tried out goes to wherever the console was opened.
  const document = () => (made ??= openApiOf(app, '/'));

  site.use(pageHeaders);
  site.get('/openapi.json', (_, reply) => void reply.json(document()));
  site.get('/openapi.yaml', (_, reply) => void reply.type('application/yaml').send(toYaml(document())));
  site.use(operatorOnly(config));
  site.get('/metrics', (_, reply, next) => {
    metrics.registry.metrics().then((text) => reply.type(metrics.registry.contentType).send(text), next);
  });
  site.use('/console/queues', queueBoard(app.get(BullLanes), '/console/queues'));
  mountSwagger(site, config);
  site.use(noSuchPage, pageFailed);

  // Handed over whole, and by route: a middleware would run for every request of the API.
  const server = app.getHttpAdapter().getInstance();
  for (const path of ['/console', '/console/*', '/metrics', '/openapi.json', '/openapi.yaml']) {
    server.get(path, (request, reply) => {
      reply.hijack();
      site(Object.assign(request.raw, { id: request.id, log: request.log }), reply.raw);
    });
  }
}

function mountSwagger(site: Express, config: Config): void {
  const options = {
    customSiteTitle: 'Minibase console',
    swaggerOptions: {
      url: '/openapi.json',
      persistAuthorization: true,
      displayRequestDuration: true,
      tagsSorter: 'alpha',
      // Its default shows the document's address to a server on the internet.
      validatorUrl: null,
    },
  };
  site.use('/console', swaggerUi.serveFiles(undefined, options));
  site.get('/console', (_: Request, reply: Response, next: NextFunction) => {
    demoOf(config).then((demo) => {
      const script = demo && preauthorize(demo);
      if (script) allowInline(reply, script);
      const html = swaggerUi.generateHTML(undefined, { ...options, ...(script ? { customJsStr: script } : {}) });
      reply.set('cache-control', 'no-store').type('html').send(html);
    }, next);
  });
}

/** The demo app's credentials; only ever shown where the console is open to whoever runs the server locally. */
async function demoOf({ environment, dataDir }: Config): Promise<Demo | undefined> {
  if (environment !== 'development') return undefined;
  const text = await readFile(join(dataDir, 'demo.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Demo);
}
