import { randomInt } from 'node:crypto';
import type { Call, Platform, World } from '../core/platform.js';
import { CertificateAuthority } from './certificate-authority.js';
import { Consenter } from './consent.js';
import { type AlipayCredentials, DeveloperConsole } from './developer-console.js';
import { AlipayError } from './errors.js';
import { Gateway } from './gateway.js';
import { merchantBook } from './merchants.js';
import { Messages, SEND_LIMIT } from './messages.js';
import { methodsOf } from './methods.js';
import { parametersOf } from './parameters.js';
import { People } from './people.js';
import { phoneAction } from './phone.js';
import { methodOf, Rest } from './rest.js';
import { authorizationOf } from './rest-authorization.js';
import { SigningKeys } from './signing-keys.js';
import { Templates } from './templates.js';
import { Tokens } from './tokens.js';
import { tradeDesk } from './trade-desk.js';
import { Verification } from './verification.js';

/** openapi.alipay.com, as far as logging in, paying and messages go. */
export function alipay(world: World): Platform<AlipayCredentials> {
  const authority = new CertificateAuthority(world);
  const keys = new SigningKeys(world, authority);
  const developerConsole = new DeveloperConsole(authority, keys);
  const people = new People(world);
  const tokens = new Tokens(world, people);
  const verification = new Verification(authority);
  const desk = tradeDesk(world, people, keys, verification);
  const templates = new Templates();
  const messages = new Messages(world, people, templates);
  const methods = methodsOf(tokens, keys, desk, messages);
  const gateway = new Gateway(world, keys, verification, methods);
  const rest = new Rest(world, keys, verification, methods);
  const refuse = (call: Call, subCode: string) => {
    const error = new AlipayError(subCode);
    return isRest(call) ? rest.refuse(error) : gateway.refuse(call, error);
  };

  return {
    code: 'alipay',
    newPlatformAppId: () => `2021${String(randomInt(10 ** 12)).padStart(12, '0')}`,
    issueCredentials: (given, previous) => developerConsole.issue(given, previous),
    showCredentials: (credentials) => developerConsole.show(credentials),
    routes: [gateway.route, rest.route],
    describe: (call) => {
      if (isRest(call)) return { platformAppId: authorizationOf(call)?.appId, operation: methodOf(call) };
      const { app_id: platformAppId, method: operation } = parametersOf(call);
      return { platformAppId, operation };
    },
    busy: (call) => refuse(call, 'isp.unknow-error'),
    refuse,
    errorCode: /^[A-Za-z][\w.-]*$/,
    faults: ['wrong_signature', 'rotate_key'],
    merchants: merchantBook,
    callbacks: desk.callbacks,
    messages: { limit: SEND_LIMIT, templates: (account) => templates.shown(account) },
    timers: desk.timers,
    actions: {
      login: tokens.login,
      phone: phoneAction(world, keys),
      expire: tokens.expire,
      consent: new Consenter(world, people, templates).act,
      ...desk.actions,
    },
  };
}

const isRest = ({ path }: Call): boolean => path.startsWith('/v3/');
