import type { Account } from '../core/accounts.js';
import { jsonFields } from '../core/body.js';
import type { Call, Route } from '../core/platform.js';
import { answering, success } from './answers.js';

export type Fields = Readonly<Record<string, unknown>>;

/** A call of open.douyin.com; `accountOf` finds whose token it carries, `run` gives the `data` of the answer. */
export const serverCall = (
  path: string,
  accountOf: (call: Call) => Account,
  run: (account: Account, fields: Fields) => object | void,
): Route => ({
  methods: ['POST'],
  path,
  handle: answering('open', (call) => {
    const account = accountOf(call);
    return success('open', run(account, jsonFields(call.body)));
  }),
});
