import type { LoggerService } from '@nestjs/common';
import type { Logger } from 'pino';

/** Lets Nest and everything that uses its Logger write JSON lines. */
export const toPinoLogger = (logger: Logger): LoggerService => {
  const at =
    (level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal') =>
    (message: unknown, ...rest: unknown[]): void => {
      const context = rest.findLast((one) => typeof one === 'string');
      if (message instanceof Error) logger[level]({ err: message, context }, message.message);
      else logger[level]({ context }, String(message));
    };
  // Nest tells of every route at start; that is for people who look for it.
  return {
    log: at('debug'),
    debug: at('debug'),
    verbose: at('trace'),
    warn: at('warn'),
    error: at('error'),
    fatal: at('fatal'),
  };
};
