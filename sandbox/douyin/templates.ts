import type { Account } from '../core/accounts.js';
import { digestOf } from '../core/people.js';
import type { ShownTemplate, World } from '../core/platform.js';
import type { Row, Table } from '../core/store.js';

/** A template that the developer has created, from which mini-programs take theirs. */
export interface CreatedTemplate {
  readonly templateId: string;
  readonly title: string;
  /** 1: one-time, 2: long-term. */
  readonly classification: 1 | 2;
  /** Of each keyword an example. */
  readonly keywords: Readonly<Record<string, string>>;
}

/** A template of one mini-program. */
export interface Template extends Omit<CreatedTemplate, 'templateId'> {
  readonly msgId: string;
}

/** A template that was added, or with `template` null one that was deleted. */
interface Change extends Row {
  readonly platformAppId: string;
  readonly template: Template | null;
}

export const CREATED: readonly CreatedTemplate[] = [
  {
    ...{ templateId: '1001', title: '订单支付成功通知', classification: 1 },
    keywords: { 商品名称: '一杯咖啡', 支付金额: '¥12.34', 支付时间: '2026年11月20日 15:01' },
  },
  {
    ...{ templateId: '1002', title: '订单发货通知', classification: 1 },
    keywords: { 快递单号: 'SF1234567890', 商品名称: '一杯咖啡', 发货时间: '2026年11月20日' },
  },
  {
    ...{ templateId: '2001', title: '办理进度提醒', classification: 2 },
    keywords: { 办理事项: '居住证', 当前进度: '审核中', 更新日期: '2026年11月20日' },
  },
];

/** The templates of mini-programs: each has all that were created from the start, under ids of its own. */
export class Templates {
  readonly #changes: Table<Change>;
  readonly #stock = new WeakMap<Account, ReadonlyMap<string, Template>>();

  constructor(world: World) {
    this.#changes = world.table('douyin.templates');
  }

  find(account: Account, msgId: string): Template | undefined {
    const change = this.#changes.get(keyOf(account, msgId));
    return change ? (change.template ?? undefined) : this.#stockOf(account).get(msgId);
  }

  list(account: Account): readonly Template[] {
    const own = [...this.#changes.entries()].flatMap(([, { platformAppId, template }]) =>
      template && platformAppId === account.platformAppId ? [template] : [],
    );
    const stock = [...this.#stockOf(account).values()];
    return [...stock.filter(({ msgId }) => !this.#changes.get(keyOf(account, msgId))), ...own];
  }

  add(account: Account, from: CreatedTemplate, keywords: readonly string[]): Template {
    const chosen = Object.entries(from.keywords).filter(([name]) => keywords.includes(name));
    const template = made(account, { ...from, keywords: Object.fromEntries(chosen) }, String(this.#changes.size));
    this.#set(account, template.msgId, template);
    return template;
  }

  remove(account: Account, msgId: string): void {
    this.#set(account, msgId, null);
  }

  /** As the sandbox shows templates of any platform. */
  shown(account: Account): readonly ShownTemplate[] {
    return this.list(account).map((template) => ({
      templateId: template.msgId,
      title: template.title,
      kind: kindOf(template),
      fields: Object.entries(template.keywords).map(([name, example]) => ({ name, label: name, example })),
    }));
  }

  #set(account: Account, msgId: string, template: Template | null): void {
    this.#changes.set(keyOf(account, msgId), { platformAppId: account.platformAppId, template });
  }

  #stockOf(account: Account): ReadonlyMap<string, Template> {
    let stock = this.#stock.get(account);
    if (!stock) {
      stock = new Map(
        CREATED.map((created) => {
          const template = made(account, created, 'stock');
          return [template.msgId, template];
        }),
      );
      this.#stock.set(account, stock);
    }
    return stock;
  }
}

export const kindOf = ({ classification }: Template): ShownTemplate['kind'] =>
  classification === 1 ? 'one_time' : 'long_term';

/** `salt` tells templates apart that are made of the same keywords. */
function made({ platformAppId }: Account, { templateId, ...template }: CreatedTemplate, salt: string): Template {
  const digest = digestOf('douyin', 'template', platformAppId, templateId, salt);
  return { ...template, msgId: `MSG${String(digest.readBigUInt64BE() % 10n ** 18n).padStart(18, '1')}` };
}

const keyOf = ({ platformAppId }: Account, msgId: string): string => `${platformAppId}/${msgId}`;
