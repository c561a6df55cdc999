import { z } from 'zod';

/** `POST /papay/querycontract`. Times are texts or Unix seconds; see `readTime`. */
export const Contract = z.object({
  contract_id: z.string().optional(),
  contract_code: z.string(),
  contract_state: z.string(),
  contract_signed_time: z.string().optional(),
  contract_expired_time: z.string().optional(),
  contract_terminated_time: z.string().optional(),
  contract_termination_mode: z.string().optional(),
  openid: z.string().optional(),
});
export type Contract = z.infer<typeof Contract>;

/** What became of a contract: after signing at the address of the contract, after its end at that of the template. */
export const ContractNotice = z.object({
  mch_id: z.string(),
  contract_code: z.string(),
  contract_id: z.string().min(1),
  change_type: z.string(),
  operate_time: z.string(),
  contract_expired_time: z.string().optional(),
  contract_termination_mode: z.string().optional(),
  openid: z.string().optional(),
});
export type ContractNotice = z.infer<typeof ContractNotice>;

/**
 * A payment that was made with a contract, or a debit under one. Only a debit has a `trade_state`, and only a debit that was
 * accepted is told when it fails.
 */
export const PaymentNotice = z.object({
  appid: z.string(),
  mch_id: z.string(),
  out_trade_no: z.string(),
  result_code: z.string(),
  err_code: z.string().optional(),
  trade_state: z.string().optional(),
  transaction_id: z.string().optional(),
  time_end: z.string().optional(),
  total_fee: z
    .string()
    .regex(/^\d{1,12}$/)
    .transform(Number)
    .optional(),
  fee_type: z.string().optional(),
  openid: z.string().optional(),
});
export type PaymentNotice = z.infer<typeof PaymentNotice>;

/** `POST /pay/contractorder`: the order may stand although the contract does not. */
export const ContractOrder = z.object({
  prepay_id: z.string().min(1),
  contract_result_code: z.string(),
  contract_err_code: z.string().optional(),
});
