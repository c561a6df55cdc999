import { z } from 'zod';
import type { Account } from '../core/accounts.js';
import type { Route } from '../core/platform.js';
import { DouyinError } from './answers.js';
import type { AppTokens } from './app-tokens.js';
import { parsed } from './refund-data.js';
import { type Contract, contractView } from './sign-contract.js';
import type { SignContracts } from './sign-contracts.js';
import { signPaySchema, signRefundSchema } from './sign-data.js';
import type { SignDebits } from './sign-debits.js';
import { type SignPay, signPayView } from './sign-pay.js';
import type { SignPays } from './sign-pays.js';
import { type SignRefund, signRefundView } from './sign-refund.js';
import type { SignRefunds } from './sign-refunds.js';
import { type Fields, serverCall } from './server-call.js';

export const SIGN_PATH = '/api/trade_auth/v1/developer/';

const id = z.string().max(64).optional();
const contractQuery = z.object({ auth_order_id: id, out_auth_order_no: id });
const terminateSchema = z.object({ auth_order_id: z.string().min(1).max(64) });
const payQuery = z.object({ pay_order_id: id, out_pay_order_no: id });
const refundQuery = z.object({ pay_refund_id: id, out_pay_refund_no: id, pay_order_id: id });

/** The server calls of periodic deduction, each with a client_token and without a signature. */
export class SignApi {
  constructor(
    private readonly tokens: AppTokens,
    private readonly contracts: SignContracts,
    private readonly pays: SignPays,
    private readonly debits: SignDebits,
    private readonly refunds: SignRefunds,
  ) {}

  readonly routes: readonly Route[] = [
    this.#route('query_sign_order', (account, fields) =>
      contractView(this.#contract(account, parsed(contractQuery, fields))),
    ),
    this.#route('terminate_sign', (account, fields) => this.#terminate(account, fields)),
    this.#route('create_sign_pay', (account, fields) => {
      const request = parsed(signPaySchema, fields);
      const { payOrderId } = this.debits.create(account, this.#contract(account, request), request);
      return { pay_order_id: payOrderId };
    }),
    this.#route('query_sign_pay', (account, fields) => signPayView(this.#pay(account, parsed(payQuery, fields)))),
    this.#route('create_sign_refund', (account, fields) => {
      const request = parsed(signRefundSchema, fields);
      const pay = this.#pay(account, { pay_order_id: request.pay_order_id });
      return { pay_refund_id: this.refunds.create(account, pay, request).payRefundId };
    }),
    this.#route('query_sign_refund', (account, fields) => ({
      refund_list: this.#refundList(account, fields).map(signRefundView),
    })),
  ];

  #route(name: string, run: (account: Account, fields: Fields) => object | void): Route {
    return serverCall(`${SIGN_PATH}${name}/`, (call) => this.tokens.accountOf(call), run);
  }

  #contract(account: Account, given: z.output<typeof contractQuery>): Contract {
    const { auth_order_id: authOrderId, out_auth_order_no: number } = given;
    if (!authOrderId && !number) throw new DouyinError(10000, 'auth_order_id or out_auth_order_no');
    const candidates = authOrderId ? [this.contracts.get(authOrderId)] : this.contracts.numbered(number ?? '');
    const contract = candidates.find((one) => one?.platformAppId === account.platformAppId);
    if (!contract) throw new DouyinError(20000);
    return contract;
  }

  #terminate(account: Account, fields: Fields): void {
    const contract = this.#contract(account, parsed(terminateSchema, fields));
    if (contract.status !== 'SERVING') throw new DouyinError(22000, `the contract is ${contract.status}`);
    this.contracts.end(account, contract, 'CANCEL', 'merchant');
  }

  #pay(account: Account, { pay_order_id: payOrderId, out_pay_order_no: number }: z.output<typeof payQuery>): SignPay {
    if (!payOrderId && !number) throw new DouyinError(10000, 'pay_order_id or out_pay_order_no');
    const pay = payOrderId ? this.pays.get(payOrderId) : this.pays.numbered(account.platformAppId, number ?? '');
    if (pay?.platformAppId !== account.platformAppId) throw new DouyinError(20000);
    return pay;
  }

  #refundList(account: Account, fields: Fields): SignRefund[] {
    const given = parsed(refundQuery, fields);
    const { pay_refund_id: payRefundId, out_pay_refund_no: number, pay_order_id: payOrderId } = given;
    if (!payRefundId && !number) {
      if (!payOrderId) throw new DouyinError(10000, 'pay_refund_id, out_pay_refund_no or pay_order_id');
      return this.refunds.of(this.#pay(account, { pay_order_id: payOrderId }));
    }
    const { platformAppId } = account;
    const refund = payRefundId ? this.refunds.get(payRefundId) : this.refunds.numbered(platformAppId, number ?? '');
    if (refund?.platformAppId !== platformAppId) throw new DouyinError(20000);
    return [refund];
  }
}
