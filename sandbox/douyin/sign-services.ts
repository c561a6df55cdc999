const DAY = 24 * 3_600_000;

/** A contract template of the console. Amounts in fen. */
export interface SignService {
  readonly serviceId: string;
  readonly title: string;
  readonly period: keyof typeof SHORTEST_GAP;
  /** A period's. Absent: whatever a debit or `initialAmount` says, so that a test can sell at any price; real ones have one. */
  readonly price?: number;
  /** What the first periods cost instead: at most six of them. */
  readonly discount?: { readonly price: number; readonly periods: number };
}

/**
 * ms from one debit that succeeded to the next that may: one a period. The platform does not publish how it counts
 * periods; two thirds of one leaves room for a debit that came days late, after which the next is due on its own day.
 */
const SHORTEST_GAP = { week: 4 * DAY, month: 20 * DAY, year: 240 * DAY } as const;

/** The templates that every mini-program has in its console. */
export const SIGN_SERVICES: readonly SignService[] = [
  { serviceId: 'service_weekly', title: '连续包周', period: 'week' },
  { serviceId: 'service_monthly', title: '连续包月', period: 'month' },
  { serviceId: 'service_yearly', title: '连续包年', period: 'year' },
  {
    ...{ serviceId: 'service_discounted', title: '连续包月，前三个月优惠', period: 'month', price: 1_990 },
    discount: { price: 990, periods: 3 },
  },
];

export const serviceOf = (serviceId: string): SignService | undefined =>
  SIGN_SERVICES.find((service) => service.serviceId === serviceId);

/** What the template asks for the period after `paid` ones; undefined where it has no price. */
export const priceAfter = ({ price, discount }: SignService, paid: number): number | undefined =>
  discount && paid < discount.periods ? discount.price : price;

export const shortestGap = ({ period }: SignService): number => SHORTEST_GAP[period];
