import { randomUUID } from 'node:crypto';
import type { Leased } from './claimed.js';
import { DeliveryWindow, DeliveryWindows, IN_FLIGHT } from './delivery-window.js';
import type { OpenEndpoint } from './endpoint-book.js';

const CHANGED = new Date('2026-03-01T00:00:00.000Z');
const LATER = new Date('2026-03-01T00:00:01.000Z');

const leased = (count: number, updatedAt = CHANGED): Leased[] =>
  Array.from({ length: count }, () => ({
    endpoint: { row: { updatedAt } } as OpenEndpoint,
    delivery: { id: randomUUID() } as unknown as Leased['delivery'],
    until: LATER,
    isProbe: false,
  }));

const sendAll = (window: DeliveryWindow): number => {
  let count = 0;
  while (window.shift()) count += 1;
  return count;
};

const taking = (window: DeliveryWindow, count: number): void => {
  for (let taken = 0; taken < count; taken += 1) window.succeeded();
};

describe('the window of an endpoint', () => {
  test('holds 32 and nothing ahead before the endpoint has taken any', () => {
    const window = new DeliveryWindow();
    expect(window.room).toBe(IN_FLIGHT);
    window.push(leased(IN_FLIGHT));
    expect(sendAll(window)).toBe(IN_FLIGHT);
    expect(window).toMatchObject({ room: 0, ahead: 0, load: IN_FLIGHT });
  });

  test('holds as many ahead as the endpoint took in the last second, 168 at most, and never sends more than 32 at once', () => {
    const window = new DeliveryWindow();
    taking(window, 10);
    expect(window.room).toBe(IN_FLIGHT + 10);
    taking(window, 1_000);
    expect(window.room).toBe(IN_FLIGHT + 168);
    window.push(leased(200));
    expect(sendAll(window)).toBe(IN_FLIGHT);
    expect(window).toMatchObject({ room: 0, ahead: 168, isLow: false });
    window.ended();
    expect(sendAll(window)).toBe(1);
  });

  test('holds nothing ahead while a rate says when the next ones go', () => {
    const window = new DeliveryWindow();
    taking(window, 1_000);
    window.isPaced = true;
    expect(window.room).toBe(IN_FLIGHT);
  });

  test('takes back what may not be sent: after a pause, after a change, and when nobody knows', () => {
    const window = new DeliveryWindow();
    window.push(leased(5));
    const fine = { mayCall: true, updatedAt: CHANGED };
    expect(window.takeRefused(fine)).toEqual([]);
    expect(window.takeRefused({ ...fine, mayCall: false })).toHaveLength(5);
    window.push(leased(5));
    expect(window.takeRefused({ ...fine, updatedAt: LATER })).toHaveLength(5);
    window.push(leased(5, LATER));
    expect(window.takeRefused({ ...fine, updatedAt: LATER })).toEqual([]);
    expect(window.takeRefused(undefined)).toHaveLength(5);
  });

  test('is kept while anything is leased', () => {
    const windows = new DeliveryWindows();
    const window = windows.of('wep_1');
    window.push(leased(1));
    windows.tidy('wep_1');
    expect(windows.of('wep_1')).toBe(window);
    window.takeAll();
    windows.tidy('wep_1');
    expect(windows.of('wep_1')).not.toBe(window);
  });
});
