import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** What one order has brought a merchant and what went back to the payer, in fen, as its platform sees it. */
export interface OrderMoney {
  paid: number;
  refunded: number;
}

interface Line {
  readonly table?: string;
  readonly key: string;
  readonly row?: Readonly<Record<string, unknown>>;
}
type Rows = Map<string, Readonly<Record<string, unknown>>>;

/**
 * Reads what the sandbox keeps on the disk, which is all that it knows: the money of each order, by our number of the
 * attempt. No code of the server's is in between.
 */
export async function platformMoney(sandboxDir: string): Promise<Map<string, OrderMoney>> {
  const tables = await read(join(sandboxDir, 'sandbox', 'state.jsonl'));
  const rows = (name: string) => [...(tables.get(name)?.values() ?? [])];
  const money = new Map<string, OrderMoney>();
  for (const order of rows('wechatpay.orders')) {
    if (order['payment']) money.set(text(order['number']), { paid: fen(order['total']), refunded: 0 });
  }
  for (const refund of rows('wechatpay.refunds')) {
    if (refund['status'] === 'SUCCESS') giveBack(money, text(refund['order']), fen(refund['refund']));
  }
  for (const trade of rows('alipay.trades')) {
    if (trade['paidAt'] === undefined) continue;
    const refunds = trade['refunds'] as { amount: number }[];
    const refunded = refunds.reduce((sum, { amount }) => sum + amount, 0);
    money.set(text(trade['outTradeNo']), { paid: fen(trade['totalAmount']), refunded });
  }
  const numbers = new Map<string, string>();
  for (const order of rows('douyin.orders')) {
    numbers.set(text(order['orderId']), text(order['outOrderNo']));
    if (order['payment']) money.set(text(order['outOrderNo']), { paid: fen(order['totalAmount']), refunded: 0 });
  }
  for (const refund of rows('douyin.refunds')) {
    if (refund['status'] === 'SUCCESS') {
      giveBack(money, numbers.get(text(refund['orderId'])) ?? 'nothing', fen(refund['amount']));
    }
  }
  return money;
}

async function read(path: string): Promise<Map<string, Rows>> {
  const tables = new Map<string, Rows>();
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    if (!/"table":"(wechatpay|alipay|douyin)\.(orders|trades|refunds)"/.test(line)) continue;
    const { table, key, row } = JSON.parse(line) as Line;
    const rows: Rows = tables.get(table!) ?? new Map<string, Readonly<Record<string, unknown>>>();
    tables.set(table!, rows);
    if (row) rows.set(key, row);
    else rows.delete(key);
  }
  return tables;
}

function giveBack(money: Map<string, OrderMoney>, number: string, amount: number): void {
  const order = money.get(number);
  if (!order) throw new Error(`the sandbox gave back money of ${number}, which nobody paid`);
  order.refunded += amount;
}

const fen = (value: unknown): number => Number(value);
const text = (value: unknown): string => String(value);
