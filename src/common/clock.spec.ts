import { SystemClock } from './clock.js';

test("the system's clock tells the machine's time", () => {
  const before = Date.now();
  const told = new SystemClock().now().getTime();
  expect(told).toBeGreaterThanOrEqual(before);
  expect(told).toBeLessThanOrEqual(Date.now());
});
