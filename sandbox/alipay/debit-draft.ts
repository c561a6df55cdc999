import type { OperationInput } from './methods.js';
import { type AskedFields, readAskedFields } from './trade-draft.js';
import { invalidField, objectField, required, textField } from './trade-fields.js';

const PRODUCTS = ['CYCLE_PAY_AUTH', 'GENERAL_WITHHOLDING'];

/** What `alipay.trade.pay` asks for when nobody is there to pay. */
export interface DebitDraft {
  readonly fields: AskedFields;
  readonly productCode: string;
  readonly agreementNo: string;
  readonly sellerId: string | undefined;
}

/** Throws AlipayError. */
export function readDebitDraft(input: OperationInput): DebitDraft {
  const { content } = input;
  const fields = readAskedFields(input);
  const productCode = required(textField(content, 'product_code', 64), 'product_code');
  // Payments with a bar code are not played.
  if (!PRODUCTS.includes(productCode)) throw invalidField('product_code', '不支持');
  for (const name of ['scene', 'auth_code'])
    if (textField(content, name, 64) !== undefined) throw invalidField(name, '代扣时不能传入');
  // It needs a permission of its own, which nobody has here.
  if (content.is_async_pay === true || content.is_async_pay === 'true') throw invalidField('is_async_pay', '未开通');
  const params = required(objectField(content, 'agreement_params'), 'agreement_params');
  const agreementNo = required(textField(params, 'agreement_no', 64), 'agreement_no');
  return { fields, productCode, agreementNo, sellerId: textField(content, 'seller_id', 28) };
}
