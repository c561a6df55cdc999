import {
  type Action,
  action,
  type Call,
  type CallbackSender,
  expireSchema,
  type OutgoingCallback,
  type Platform,
  type World,
} from '../core/platform.js';
import { randomHex } from '../core/random.js';
import { SessionKeys } from '../core/session-keys.js';
import { failure, type Family } from './answers.js';
import { AppTokens, fieldsOf } from './app-tokens.js';
import { cashierAction } from './cashier.js';
import { CodeSession } from './code-session.js';
import { Consenter } from './consent.js';
import { type DouyinCredentials, issueCredentials, showCredentials } from './credentials.js';
import { merchantBook } from './merchants.js';
import { Messages, SEND_LIMIT } from './messages.js';
import { PhoneNumbers } from './phone.js';
import { profileAction } from './profile.js';
import { Pushes } from './pushes.js';
import { RefundRequests } from './refund-requests.js';
import { Refunds } from './refunds.js';
import { SIGN_PATH, SignApi } from './sign-api.js';
import { SignConsole } from './sign-console.js';
import { SignContracts } from './sign-contracts.js';
import { SignDebits } from './sign-debits.js';
import { SignPays } from './sign-pays.js';
import { SignRefunds } from './sign-refunds.js';
import { SIGN_SERVICES } from './sign-services.js';
import { Templates } from './templates.js';
import { TRADE_PATH, TradeApi } from './trade-api.js';
import { callbackSender } from './trade-callbacks.js';
import { TradeOrders } from './trade-orders.js';
import { Wallets } from './wallets.js';

/** developer.toutiao.com and open.douyin.com: logging in, the general trade system, periodic deduction, and messages. */
export function douyin(world: World): Platform<DouyinCredentials> {
  const accounts = world.accounts<DouyinCredentials>('douyin');
  const sessionKeys = new SessionKeys(world.table('douyin.sessions'));
  const tokens = new AppTokens(world);
  const codeSession = new CodeSession(world, sessionKeys);
  const phoneNumbers = new PhoneNumbers(world, tokens, sessionKeys);
  const orders = new TradeOrders(world);
  const refunds = new Refunds(world, orders);
  const refundRequests = new RefundRequests(world, orders, refunds);
  const templates = new Templates(world);
  const messages = new Messages(world, tokens, templates);
  const pushes = new Pushes(world);
  const trade = new TradeApi(tokens, orders, refunds, refundRequests);
  const signing = periodicDeduction(world, tokens);

  const expire: Action = action(expireSchema, ({ platformAppId, what, user }) => {
    accounts.require(platformAppId);
    if (what === 'token') tokens.expire(platformAppId);
    else sessionKeys.end(platformAppId, user);
    return {};
  });

  return {
    code: 'douyin',
    newPlatformAppId: () => `tt${randomHex(16)}`,
    issueCredentials,
    showCredentials,
    services: SIGN_SERVICES,
    routes: [
      ...codeSession.routes,
      ...tokens.routes,
      ...phoneNumbers.routes,
      ...trade.routes,
      ...signing.routes,
      ...messages.routes,
    ],
    merchants: merchantBook,
    callbacks: senderOf(callbackSender(world, refundRequests), pushes),
    messages: { limit: SEND_LIMIT, templates: (account) => templates.shown(account) },
    timers: { ...orders.timers, ...refunds.timers, ...refundRequests.timers, ...signing.timers },
    describe: (call) => {
      const { appid, client_key: clientKey } = fieldsOf(call);
      return { platformAppId: appid ?? clientKey ?? tokens.ownerOf(call) };
    },
    busy: (call) => failure(familyOf(call), busyCodeOf(call)),
    refuse: (call, code) => failure(familyOf(call), Number(code)),
    errorCode: /^-?\d{1,10}$/,
    actions: {
      login: codeSession.login,
      phone: phoneNumbers.tap,
      profile: profileAction(world, sessionKeys),
      cashier: cashierAction(world, orders, signing.contracts),
      contract: signing.contract,
      wallet: signing.wallet,
      refund: refundRequests.start,
      consent: new Consenter(world, templates).act,
      push: pushes.act,
      expire,
    },
  };
}

function periodicDeduction(world: World, tokens: AppTokens) {
  const pays = new SignPays(world);
  const contracts = new SignContracts(world, pays);
  const wallets = new Wallets(world);
  const debits = new SignDebits(world, contracts, pays, wallets);
  const refunds = new SignRefunds(world, pays);
  return {
    contracts,
    routes: new SignApi(tokens, contracts, pays, debits, refunds).routes,
    timers: { ...contracts.timers, ...debits.timers, ...refunds.timers },
    contract: new SignConsole(world, contracts, pays).act,
    wallet: wallets.act,
  };
}

/** Callbacks of trades, and everything else that Douyin tells. */
function senderOf(trade: CallbackSender, pushes: Pushes): CallbackSender {
  const one = (callback: OutgoingCallback): CallbackSender => (pushes.isFor(callback) ? pushes : trade);
  return {
    schedule: trade.schedule,
    timeout: trade.timeout,
    build: (account, callback, tamper) => one(callback).build(account, callback, tamper),
    accepts: (status, body, callback) => one(callback).accepts(status, body, callback),
    onAccepted: (account, callback, body) => one(callback).onAccepted?.(account, callback, body),
  };
}

function familyOf({ path }: Call): Family {
  if (path.startsWith('/oauth/')) return 'oauth';
  return path.startsWith('/api/apps/v2/') ? 'toutiao' : 'open';
}

function busyCodeOf({ path }: Call): number {
  if (path.startsWith(TRADE_PATH) || path.startsWith(SIGN_PATH)) return 12001;
  return path.startsWith('/api/apps/v2/') ? -1 : 28001005;
}
