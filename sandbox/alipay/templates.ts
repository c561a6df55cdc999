import type { Account } from '../core/accounts.js';
import { digestOf } from '../core/people.js';
import type { ShownTemplate } from '../core/platform.js';

/** A subscription template of one mini-program. */
export interface Template {
  /** `user_template_id`. */
  readonly id: string;
  readonly title: string;
  readonly kind: ShownTemplate['kind'];
  /** `keyword1` and so on: label and example. */
  readonly keywords: readonly (readonly [label: string, example: string])[];
}

const STOCK: readonly Omit<Template, 'id'>[] = [
  {
    title: '订单支付成功通知',
    kind: 'one_time',
    keywords: [
      ['商品名称', '一杯咖啡'],
      ['支付金额', '¥12.34'],
      ['支付时间', '2026年11月20日 15:01'],
    ],
  },
  {
    title: '订单发货通知',
    kind: 'one_time',
    keywords: [
      ['快递单号', 'SF1234567890'],
      ['商品名称', '一杯咖啡'],
    ],
  },
  {
    title: '办理进度提醒',
    kind: 'long_term',
    keywords: [
      ['办理事项', '居住证'],
      ['当前进度', '审核中'],
      ['更新日期', '2026年11月20日'],
    ],
  },
];

/** The templates of mini-programs: each has the same few, under ids of its own. There is no API to change them. */
export class Templates {
  readonly #made = new WeakMap<Account, readonly Template[]>();

  find(account: Account, id: string): Template | undefined {
    return this.list(account).find((one) => one.id === id);
  }

  list(account: Account): readonly Template[] {
    let made = this.#made.get(account);
    if (!made) {
      made = STOCK.map((one, index) => ({
        ...one,
        id: digestOf('alipay', 'template', account.platformAppId, String(index)).toString('hex').slice(0, 32),
      }));
      this.#made.set(account, made);
    }
    return made;
  }

  /** As the sandbox shows templates of any platform. */
  shown(account: Account): readonly ShownTemplate[] {
    return this.list(account).map(({ id, title, kind, keywords }) => ({
      templateId: id,
      title,
      kind,
      fields: keywords.map(([label, example], index) => ({ name: `keyword${index + 1}`, label, example })),
    }));
  }
}
