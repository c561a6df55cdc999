/** What is sold: two things, each at prices of several kinds. Amounts in fen. */
export const PRODUCTS = { club: { club: true }, gym: { gym: true } } as const;
export type ProductName = keyof typeof PRODUCTS;

/** A price as the model reckons with it. */
export interface ListedPrice {
  readonly product: ProductName;
  readonly amount: number;
  readonly interval: 'week' | 'month' | 'year';
  readonly trialDays?: number;
  readonly introductory?: { readonly amount: number; readonly periods: number };
  /** WeChat's template that is announced by WeChat itself. */
  readonly isDelayed?: boolean;
}

export const PRICES = {
  weekly: { product: 'club', amount: 700, interval: 'week' },
  monthly: { product: 'club', amount: 1_999, interval: 'month' },
  monthlyPlus: { product: 'club', amount: 3_333, interval: 'month', isDelayed: true },
  yearly: { product: 'club', amount: 19_900, interval: 'year' },
  introduced: { product: 'club', amount: 2_500, interval: 'month', introductory: { amount: 100, periods: 2 } },
  tried: { product: 'club', amount: 1_700, interval: 'month', trialDays: 7 },
  gymMonthly: { product: 'gym', amount: 1_201, interval: 'month' },
  gymFree: { product: 'gym', amount: 1_500, interval: 'month', introductory: { amount: 0, periods: 1 } },
  gymWeekly: { product: 'gym', amount: 450, interval: 'week', trialDays: 3 },
} as const satisfies Readonly<Record<string, ListedPrice>>;
export type PriceName = keyof typeof PRICES;

export const priceOf = (name: PriceName): ListedPrice => PRICES[name];

/** The templates that the sandbox has for such periods. */
export const platformsOf = ({ interval, isDelayed }: ListedPrice): Readonly<Record<string, object>> => ({
  douyin: { serviceId: `service_${interval}ly` },
  ...(isDelayed && { wechat: { planId: '100002', debitMode: 'delayed' } }),
});
