import { toFen } from '../../../src/common/money.js';
import { CallbackRefused, type RawCallback } from '../../../src/platforms/callback.js';
import type { Till } from './till.js';

const DAY = 86_400;

/** What a callback tells, which ones are believed, and how they are answered. */
export function callbacks(till: Till): void {
  const {
    anOrder,
    aRefund,
    paid,
    factsOf,
    refund,
    carriedOut,
    read,
    told,
    aboutPayment,
    aboutRefund,
    tellsSuccess,
    refusalOf,
  } = till;
  describe('a callback', () => {
    test('of a payment tells what the answer to a question tells', async () => {
      const order = await paid();
      const { content } = (await tellsSuccess(order)).callback;
      if (content.kind !== 'payment' || content.state.kind !== 'succeeded') throw new Error(content.kind);
      const asked = await factsOf(order);
      const { transactionId, paidAt, amount, currency, ...more } = content.state.paid;
      expect({ transactionId, paidAt, amount, currency }).toEqual({
        transactionId: asked.transactionId,
        paidAt: asked.paidAt,
        amount: order.amount,
        currency: 'CNY',
      });
      const { program, merchant } = till.accounts;
      const ours = {
        merchantId: merchant.merchantId,
        platformAppId: program.platformAppId,
        payer: order.payer,
      };
      expect({ ...ours, ...more }).toEqual(ours);
    });

    test('of a refund tells nothing that the answer to a question denies', async () => {
      const order = await paid();
      const one = aRefund(order, { amount: toFen(500) });
      await refund(one);
      const asked = await carriedOut(one);
      const [{ callback } = {}] = await told(aboutRefund(one));
      const { content } = callback!;
      if (content.kind !== 'refund') throw new Error(content.kind);
      expect(content.transactionId ?? order.transactionId).toBe(order.transactionId);
      expect(content.paymentNumber ?? order.number).toBe(order.number);
      expect(['pending', 'succeeded']).toContain(content.state.kind);
      const facts = 'facts' in content.state ? content.state.facts : {};
      expect({ amount: one.amount, ...asked, ...facts }).toEqual({ amount: one.amount, ...asked });
    });

    test('is refused with one flipped bit anywhere, or is no other callback', async () => {
      const { raw, callback } = await tellsSuccess(await paid());
      const believed: string[] = [];
      const attempt = async (where: string, changed: RawCallback) => {
        const outcome = await read(changed).catch((error: unknown) => error);
        if (outcome instanceof CallbackRefused) return;
        // Signatures are base64, whose last character has bits without meaning: the same signature spelt otherwise.
        expect([where, outcome]).toEqual([where, callback]);
        believed.push(where);
      };
      for (let i = 0; i < raw.body.length; i++) {
        const body = Buffer.from(raw.body);
        body[i] = body[i]! ^ 1;
        await attempt(`body ${i}`, { ...raw, body });
      }
      for (const header of till.bench.signatureHeaders) {
        const value = raw.headers[header]!;
        for (let i = 0; i < value.length; i++) {
          const flipped = String.fromCharCode(value.charCodeAt(i) ^ 1);
          const headers = { ...raw.headers, [header]: value.slice(0, i) + flipped + value.slice(i + 1) };
          await attempt(`${header} ${i}`, { ...raw, headers });
        }
      }
      expect(believed.length).toBeLessThanOrEqual(6);
      expect(await read(raw)).toEqual(callback);
    });

    test('that is cut, doubled, empty or no callback at all is refused', async () => {
      const { raw } = await tellsSuccess(await paid());
      const bodies = [
        raw.body.subarray(0, -1),
        Buffer.concat([raw.body, raw.body]),
        Buffer.concat([raw.body, Buffer.from(' ')]),
        Buffer.alloc(0),
        Buffer.from('{}'),
        Buffer.from('\xff\xfe&=', 'latin1'),
      ];
      for (const body of bodies) await refusalOf(read({ ...raw, body }));
      await refusalOf(read({ ...raw, headers: {}, body: Buffer.from('{"id":1}') }));
    });

    test('without one of the headers that sign it says that this header is missing', async () => {
      const { raw } = await tellsSuccess(await paid());
      for (const header of till.bench.signatureHeaders) {
        for (const value of [undefined, '']) {
          const headers = { ...raw.headers, [header]: value };
          expect(await refusalOf(read({ ...raw, headers }))).toBe('headers_missing');
        }
      }
      const others = Object.entries(raw.headers).filter(([header]) => !till.bench.signatureHeaders.includes(header));
      const bare = read({ ...raw, headers: Object.fromEntries(others) });
      if (till.bench.signatureHeaders.length > 0) expect(await refusalOf(bare)).toBe('headers_missing');
      else expect((await bare).content.kind).toBe('payment');
    });

    test('for another developer is not believed, nor is theirs by us', async () => {
      const other = await till.bench.another();
      const { raw } = await tellsSuccess(await paid());
      await refusalOf(read(raw, other.accounts));
      const theirs = anOrder({ notifyUrl: other.notifyUrl, payer: other.payer });
      const submission = await till.payments.submit(other.accounts, theirs, other.businessNow());
      if (submission.kind !== 'ready') throw new Error(submission.kind);
      const order = { ...theirs, handle: submission.handle };
      await other.cashier(till.payments.clientAction(other.accounts, order, other.businessNow()), 'pay');
      const foreign = await other.callback(1);
      expect((await read(foreign, other.accounts)).content).toMatchObject({ kind: 'payment', number: order.number });
      await refusalOf(read(foreign));
      await other.close();
    });

    test('that comes twice has one key, and no other callback has it', async () => {
      await till.bench.fault('duplicate', 'callback');
      const order = await paid();
      const twice = await told(aboutPayment(order), 2);
      const one = aRefund(order);
      await refund(one);
      await carriedOut(one);
      const [refunded] = await told(aboutRefund(one));
      const other = await tellsSuccess(await paid());
      const keys = [...twice, refunded!, other].map(({ callback }) => callback.deduplicationKey);
      expect(keys[1]).toBe(keys[0]);
      expect(new Set(keys).size).toBe(3);
      expect(keys.every((key) => key.length >= 16 && key.length <= 128)).toBe(true);
    });

    test('comes again after “retry”, under the same key, and no more once it is acknowledged', async () => {
      till.bench.answering = 'retry';
      const order = await paid();
      await tellsSuccess(order);
      till.bench.answering = 'accepted';
      await till.bench.pass(600);
      const [first, second] = await told(aboutPayment(order), 2);
      expect(second!.callback).toEqual(first!.callback);
      await till.bench.pass(2 * DAY);
      const all = await Promise.all(till.bench.received.map((raw) => read(raw).catch(() => undefined)));
      expect(all.filter((callback) => callback && aboutPayment(order)(callback))).toHaveLength(2);
    });

    test.each(['forge', 'wrong_signature'] as const)(
      'with the fault %s is refused, and the genuine one follows',
      async (kind) => {
        const count = till.bench.received.length;
        await till.bench.fault(kind, 'callback');
        const order = await paid();
        expect(await refusalOf(read(await till.bench.callback(count + 1)))).toBe('signature_invalid');
        await till.bench.pass(600);
        expect((await tellsSuccess(order)).callback.content).toMatchObject({ state: { kind: 'succeeded' } });
      },
    );

    test('of another amount tells that amount, to be compared', async () => {
      await till.bench.fault('wrong_amount', 'callback');
      const order = await paid();
      const { content } = (await tellsSuccess(order)).callback;
      expect(content).toMatchObject({ state: { kind: 'succeeded', paid: { amount: order.amount + 1 } } });
    });

    test('that is refused, or not stored, is answered so that a proxy can tell', () => {
      expect(till.bench.callbacks.acknowledge({ kind: 'refused' }).status).toBe(401);
      expect(till.bench.callbacks.acknowledge({ kind: 'retry' }).status).toBe(500);
    });
  });
}
