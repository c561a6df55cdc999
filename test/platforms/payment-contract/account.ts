import type { Till } from './till.js';

/** What a platform says of itself: settings, distances between questions, the state of an account. */
export function account(till: Till): void {
  test('its settings are strict, may all be left out, and the stock of the sandbox fills what is required', () => {
    const { settings, testSettings, requiredSettings } = till.payments;
    expect(settings.safeParse({}).success).toBe(true);
    expect(settings.safeParse(testSettings).success).toBe(true);
    expect(settings.safeParse({ ...testSettings, nobodyKnowsThis: 1 }).success).toBe(false);
    expect(Object.keys(testSettings)).toEqual(expect.arrayContaining([...requiredSettings]));
  });

  test('it asks again at growing distances, and finds nothing wrong with good accounts', async () => {
    for (const seconds of [till.payments.askAfter.payment, till.payments.askAfter.refund]) {
      expect(seconds.length).toBeGreaterThan(2);
      expect(seconds).toEqual([...seconds].sort((a, b) => a - b));
    }
    const { checks } = await till.payments.verifyMerchant(till.accounts.merchant, [till.accounts.program]);
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(till.payments.merchant.merchantId.safeParse(till.accounts.merchant.merchantId).success).toBe(true);
    expect(till.payments.merchant.credentials.safeParse(till.accounts.merchant.credentials).success).toBe(true);
  });
}
