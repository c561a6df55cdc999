import { z } from 'zod';
import type { PlatformSettings } from '../../payment-platform.js';

/** Where Douyin's order centre leads when no setting names a page; also that of the demo app and of the sandbox's stock. */
export const ORDER_PAGE = 'pages/order/detail';

/** Room for the number that we add, within Douyin's 512 bytes. */
const PARAMS_BYTES = 440;

const pagePath = z
  .string()
  .max(512)
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_/]*$/, 'is a page path without a leading / and without a query')
  .optional();

/** What Douyin wants to know of goods and pages, named as in the `data` of `tt.requestOrder` where it has the same meaning. */
export const DouyinSettings = z.strictObject({
  goodsType: z
    .int()
    .min(1)
    .optional()
    .meta({ description: "Douyin's type of the goods: 301 membership, 401 content, …" }),
  tagGroupId: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .meta({ description: 'The tag group; it decides the refund rules.' }),
  imageList: z
    .array(z.url({ protocol: /^https$/ }).max(512))
    .length(1)
    .optional()
    .meta({ description: 'One https address of a picture of the goods.' }),
  orderPath: pagePath.meta({
    description: 'Page of the order; it gets the query `number`, the number of the attempt.',
  }),
  orderParams: z
    .record(z.string(), z.string())
    .refine((params) => Buffer.byteLength(JSON.stringify(params)) <= PARAMS_BYTES, `has at most ${PARAMS_BYTES} bytes`)
    .optional()
    .meta({ description: 'More of the query of the order page.' }),
  goodsPath: pagePath.meta({ description: 'Page of the goods.' }),
  skuAttr: z
    .record(z.string(), z.unknown())
    .optional()
    .meta({ description: 'Required for phone cards (101 to 107) and content (402 to 406).' }),
  limitPayWays: z
    .array(z.union([z.literal(1), z.literal(2)]))
    .max(2)
    .optional()
    .meta({ description: 'Ways to pay that are hidden: 1 WeChat, 2 Alipay.' }),
  refundPath: pagePath.meta({
    description: 'Page of a refund, with the query `number`; the order page when left out.',
  }),
  serviceId: z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/, 'is the id of a template, without spaces')
    .optional()
    .meta({
      description: 'Recurring debits: the template of the contract in the console; it has the period and the price.',
    }),
});
export type DouyinSettings = z.infer<typeof DouyinSettings>;

/** What a contract of periodic deduction cannot do without. */
export const SIGN_SETTINGS = ['serviceId'] as const;

/** The sandbox's stock: a monthly one. */
export const TEST_SIGN_SETTINGS = { serviceId: 'service_monthly' } as const;

export const REQUIRED_SETTINGS = ['goodsType', 'tagGroupId', 'imageList', 'orderPath'] as const;

/** Membership, which every general trade mini-program may sell, with the tag group that belongs to it. */
export const TEST_SETTINGS = {
  goodsType: 301,
  tagGroupId: 'tag_group_7272625659888058380',
  imageList: ['https://example.com/goods.png'],
  orderPath: ORDER_PAGE,
} satisfies DouyinSettings;

/** Checked when they were written. */
export const settingsOf = (settings: PlatformSettings): DouyinSettings => settings;

/** A page of the mini-program, as Douyin opens it from its order centre. */
export interface EntrySchema {
  readonly path: string;
  /** JSON */
  readonly params?: string;
}

/** The page that shows a refund. */
export const refundEntry = ({ refundPath, orderPath }: DouyinSettings, refundNumber: string): EntrySchema => ({
  path: refundPath ?? orderPath ?? ORDER_PAGE,
  params: JSON.stringify({ number: refundNumber }),
});
