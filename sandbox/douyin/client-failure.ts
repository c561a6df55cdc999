import { randomHex } from '../core/random.js';

/**
 * Why a `tt.*` call of the trade system fails. 10000, 10401 and 11004 are the documented codes of tt.requestOrder; those of
 * tt.getOrderPayment are not published: 9 for a person who leaves is what code in the field looks for. 11001 and 20000 are
 * of tt.sign: another person is logged in, and there is no such contract.
 */
export type ClientErrNo = 9 | 10000 | 10401 | 11001 | 11004 | 20000;

/** Thrown while the sandbox acts as the client; answered as the `fail` callback of the call gets it. */
export class ClientFailure extends Error {
  constructor(
    readonly errNo: ClientErrNo,
    message: string,
  ) {
    super(message);
  }

  /** `method`: the client's function that fails. */
  answer(method: string): { errNo: number; errMsg: string; errLogId: string } {
    return { errNo: this.errNo, errMsg: `${method}:fail ${this.message}`, errLogId: newLogId() };
  }
}

export const newLogId = (): string => randomHex(34).toUpperCase();
