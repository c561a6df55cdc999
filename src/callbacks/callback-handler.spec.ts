import { type CallbackHandler, CallbackHandlers } from './callback-handler.js';

const aHandler = (...kinds: CallbackHandler['kinds']): CallbackHandler => ({
  kinds,
  apply: async () => ({ status: 'ignored', objectId: null }),
});

test('a kind of callback goes to the domain that acts on it', () => {
  const handlers = new CallbackHandlers();
  const payments = aHandler('payment', 'refund');
  const messages = aHandler('push');
  for (const handler of [payments, messages]) handlers.register(handler);
  expect(handlers.of('refund')).toBe(payments);
  expect(handlers.of('push')).toBe(messages);
  expect(handlers.of('other')).toBeUndefined();
});

test('two domains that act on one kind fail at start', () => {
  const handlers = new CallbackHandlers();
  handlers.register(aHandler('payment', 'refund'));
  expect(() => handlers.register(aHandler('push', 'refund'))).toThrow(
    'two domains act on callbacks of the kind refund',
  );
});
