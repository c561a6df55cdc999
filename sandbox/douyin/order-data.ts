import { z } from 'zod';
import { fits, isGoodsType, isPhoneCard, needsAttributes } from './goods.js';
import { amount, bytes, clientData, entrySchema, isJsonObject, notifyUrl } from './trade-fields.js';

const DEFAULT_EXPIRY = 300;
const LONGEST_EXPIRY = 48 * 3_600;

/** `skuAttr` of a phone card; which of its fields are compulsory is not published. */
const phoneCardSchema = z.object({
  package_cost: z.object({ amount: z.unknown(), time_len: z.unknown(), unit: z.unknown() }).optional(),
  telecom_operator_type: z.enum(['official', 'private']).optional(),
});

const skuSchema = z
  .object({
    skuId: z.string().min(1),
    price: amount,
    quantity: z.int().min(1).max(100),
    title: bytes(256),
    imageList: z.array(bytes(512).pipe(z.url())).length(1),
    type: z.int().refine(isGoodsType, 'a goods type of the trade system: 101-107, 201, 301, 401-406'),
    tagGroupId: z.string(),
    entrySchema: entrySchema.optional(),
    skuAttr: z.string().refine(isJsonObject, 'the text of a JSON object').optional(),
  })
  .refine(({ tagGroupId, type }) => fits(tagGroupId, type), {
    path: ['tagGroupId'],
    message: 'no tag group of this goods type: tag_query lists them',
  })
  .refine(({ skuAttr, type }) => skuAttr !== undefined || !needsAttributes(type), {
    path: ['skuAttr'],
    message: 'required for goods types 101-107 and 402-406',
  })
  .refine(({ skuAttr, type }) => !isPhoneCard(type) || isAboutPhoneCard(skuAttr), {
    path: ['skuAttr'],
    message: 'package_cost {amount, time_len, unit}, telecom_operator_type official or private',
  });

/** `data` of tt.requestOrder, parsed. Fields that the platform does not know are ignored, as there. */
const orderDataSchema = z
  .object({
    skuList: z.tuple([skuSchema], 'exactly one item'),
    outOrderNo: bytes(64),
    totalAmount: amount,
    payExpireSeconds: z.int().min(0).max(LONGEST_EXPIRY).default(0),
    payNotifyUrl: notifyUrl.optional(),
    merchantUid: z.string().min(1).optional(),
    orderEntrySchema: entrySchema,
    limitPayWayList: z.array(z.literal([1, 2])).optional(),
    currency: z.enum(['CNY', 'DIAMOND']).default('CNY'),
    payScene: z.literal('IM').optional(),
    promotionId: z.string().optional(),
    callbackData: z.string().optional(),
  })
  .refine(({ totalAmount, skuList: [{ price, quantity }] }) => totalAmount === price * quantity, {
    path: ['totalAmount'],
    message: 'price × quantity',
  })
  .refine(({ currency, skuList: [{ quantity }] }) => currency === 'CNY' || quantity === 1, {
    path: ['skuList', 0, 'quantity'],
    message: '1 for an order in diamonds',
  });

export type OrderData = z.output<typeof orderDataSchema>;

/** Throws ClientFailure. */
export function readOrderData(text: string): OrderData {
  const data = clientData(orderDataSchema, text);
  return { ...data, payExpireSeconds: data.payExpireSeconds || DEFAULT_EXPIRY };
}

const isAboutPhoneCard = (skuAttr: string | undefined): boolean =>
  skuAttr === undefined || !isJsonObject(skuAttr) || phoneCardSchema.safeParse(JSON.parse(skuAttr)).success;
