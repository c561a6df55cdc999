import { z } from 'zod';
import type { PlatformSettings } from '../payment-platform.js';
import { AlipayAppId } from './alipay.credentials.js';

/** The product of payments in mini-programs. Without any, Alipay takes an order for one of its products for shops. */
const JSAPI = 'JSAPI_PAY';

/** What an agreement of cycle deduction cannot do without. */
export const AGREEMENT_SETTINGS = ['personalProductCode', 'cycleProductCode', 'signScene'] as const;

/** The sandbox's stock. */
export const TEST_AGREEMENT_SETTINGS = {
  personalProductCode: 'CYCLE_PAY_AUTH_P',
  cycleProductCode: 'CYCLE_PAY_AUTH',
  signScene: 'INDUSTRY|DIGITAL_MEDIA',
} as const;

const productCode = z.string().regex(/^[A-Z0-9_]{1,64}$/);
const channels = z
  .string()
  .max(128)
  .regex(/^[A-Za-z_]+(,[A-Za-z_]+)*$/, "Names of Alipay's channels, separated by commas: balance,moneyFund.");

/** What Alipay alone wants of a payment; all of it may be left out. */
export const AlipaySettings = z
  .strictObject({
    productCode: productCode.meta({ description: `The product of the merchant's contract; ${JSAPI} when left out.` }),
    opAppId: AlipayAppId.meta({
      description: 'The mini-program in which people pay, when it is not the one that logs in and signs.',
    }),
    body: z.string().min(1).max(128).meta({ description: 'More words about the order, for the bill.' }),
    extendParams: z
      .record(z.string().max(64), z.union([z.string().max(512), z.number(), z.boolean()]))
      .meta({ description: "`extend_params` as in Alipay's documentation, in its own spelling: `hb_fq_num`, …" }),
    enablePayChannels: channels.meta({ description: 'Only these ways to pay. Not together with disablePayChannels.' }),
    disablePayChannels: channels.meta({ description: 'None of these ways to pay.' }),
    storeId: z.string().min(1).max(32).meta({ description: "The merchant's shop, for its statistics." }),
    personalProductCode: productCode.meta({
      description:
        'Recurring debits: the product that users sign (个人签约产品码), as the contract names it: CYCLE_PAY_AUTH_P.',
    }),
    cycleProductCode: productCode.meta({
      description:
        'Recurring debits: the product by which is debited (销售产品码), as the contract names it: CYCLE_PAY_AUTH.',
    }),
    signScene: z
      .string()
      .max(64)
      .regex(/^(?!DEFAULT\|DEFAULT$)[A-Z0-9_]+\|[A-Z0-9_]+$/, "The contract's scene: INDUSTRY|DIGITAL_MEDIA.")
      .meta({ description: "Recurring debits: the scene of the merchant's contract, like INDUSTRY|DIGITAL_MEDIA." }),
  })
  .partial()
  .refine(({ enablePayChannels, disablePayChannels }) => !enablePayChannels || !disablePayChannels, {
    path: ['disablePayChannels'],
    message: 'Alipay takes enablePayChannels or disablePayChannels, not both.',
  });
export type AlipaySettings = z.infer<typeof AlipaySettings>;

/**
 * The settings as fields of `alipay.trade.create`. The same settings give the same text each time, however the database
 * has ordered their names: a repeat of an order that differs is refused (`CONTEXT_INCONSISTENT`).
 */
export function settingsFields(settings: PlatformSettings, platformAppId: string): object {
  const { productCode, opAppId, body, extendParams, enablePayChannels, disablePayChannels, storeId } =
    settings as AlipaySettings;
  return {
    product_code: productCode ?? JSAPI,
    op_app_id: opAppId ?? platformAppId,
    ...(body !== undefined && { body }),
    ...(extendParams && { extend_params: Object.fromEntries(Object.entries(extendParams).sort(byName)) }),
    ...(enablePayChannels !== undefined && { enable_pay_channels: enablePayChannels }),
    ...(disablePayChannels !== undefined && { disable_pay_channels: disablePayChannels }),
    ...(storeId !== undefined && { store_id: storeId }),
  };
}

const byName = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : 1);
