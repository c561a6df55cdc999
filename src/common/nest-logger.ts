import type { LoggerService } from '@nestjs/common';
import type { Logger } from 'pino';

/** Lets Nest and everything that uses its Logger write JSON lines. */
export const toPinoLogger = (logger: Logger): LoggerService => {
  const at =
    (level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal') =>
    (message: unknown, ...rest: unknown[]): void => {
      const texts = rest.filter((one) => typeof one === 'string');
      const context = texts.at(-1);
      if (message instanceof Error) logger[level]({ err: message, context }, message.message);
      // `log.warn({ attempt }, 'what happened')`: Nest puts its context behind the text.
      else if (typeof message === 'object')
        logger[level]({ ...message, context }, texts.length > 1 ? texts[0] : undefined);
      else logger[level]({ context }, `${message as string}`);
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
