import type { Account } from '../core/accounts.js';
import { digestOf } from '../core/people.js';
import type { ShownTemplate, World } from '../core/platform.js';
import type { Row, Table } from '../core/store.js';
import { type Keyword, PUBLIC_TEMPLATES, type PublicTemplate, STOCK } from './public-templates.js';

/** WeChat documents 50. */
const MOST = 50;

/** A template of one mini-program's own. */
export interface Template {
  readonly priTmplId: string;
  readonly title: string;
  readonly type: 2 | 3;
  readonly fields: readonly TemplateField[];
}

export interface TemplateField {
  /** `thing1`: rule and number of the keyword. */
  readonly name: string;
  readonly rule: string;
  readonly label: string;
  readonly example: string;
}

/** A template that was added, or with `template` null one that was deleted. */
interface Change extends Row {
  readonly platformAppId: string;
  readonly template: Template | null;
}

/** The private templates of mini-programs: each has the same few from the start, under ids of its own. */
export class Templates {
  readonly #changes: Table<Change>;
  readonly #stock = new WeakMap<Account, ReadonlyMap<string, Template>>();

  constructor(world: World) {
    this.#changes = world.table('wechat.templates');
  }

  find(account: Account, priTmplId: string): Template | undefined {
    const change = this.#changes.get(keyOf(account, priTmplId));
    return change ? (change.template ?? undefined) : this.#stockOf(account).get(priTmplId);
  }

  list(account: Account): readonly Template[] {
    const own = [...this.#changes.entries()].flatMap(([, { platformAppId, template }]) =>
      template && platformAppId === account.platformAppId ? [template] : [],
    );
    const stock = [...this.#stockOf(account).values()];
    return [...stock.filter(({ priTmplId }) => !this.#changes.get(keyOf(account, priTmplId))), ...own];
  }

  /** Undefined: there are as many as may be. */
  add(account: Account, from: PublicTemplate, keywords: readonly Keyword[]): Template | undefined {
    if (this.list(account).length >= MOST) return undefined;
    const { platformAppId } = account;
    const template = made(account, from, keywords, String(this.#changes.size));
    this.#changes.set(keyOf(account, template.priTmplId), { platformAppId, template });
    return template;
  }

  remove(account: Account, priTmplId: string): void {
    const { platformAppId } = account;
    this.#changes.set(keyOf(account, priTmplId), { platformAppId, template: null });
  }

  /** As the sandbox shows templates of any platform. */
  shown(account: Account): readonly ShownTemplate[] {
    return this.list(account).map((template) => ({
      templateId: template.priTmplId,
      title: template.title,
      kind: kindOf(template),
      fields: template.fields.map(({ name, label, example }) => ({ name, label, example })),
    }));
  }

  #stockOf(account: Account): ReadonlyMap<string, Template> {
    let stock = this.#stock.get(account);
    if (!stock) {
      stock = new Map(
        STOCK.map(({ tid, kids }) => {
          const from = PUBLIC_TEMPLATES.find((one) => one.tid === tid);
          if (!from) throw new Error(`there is no public template ${tid}`);
          const keywords = from.keywords.filter(({ kid }) => kids.includes(kid));
          const template = made(account, from, keywords, 'stock');
          return [template.priTmplId, template];
        }),
      );
      this.#stock.set(account, stock);
    }
    return stock;
  }
}

export const kindOf = ({ type }: Template): ShownTemplate['kind'] => (type === 2 ? 'one_time' : 'long_term');

/** `salt` tells templates apart that are made of the same keywords. */
function made(
  { platformAppId }: Account,
  { tid, title, type }: PublicTemplate,
  keywords: readonly Keyword[],
  salt: string,
): Template {
  return {
    // 43 letters, digits, `-` and `_`.
    priTmplId: digestOf('wechat', 'template', platformAppId, String(tid), salt).toString('base64url'),
    title,
    type,
    fields: keywords.map(({ kid, rule, name, example }) => ({ name: `${rule}${kid}`, rule, label: name, example })),
  };
}

const keyOf = ({ platformAppId }: Account, priTmplId: string): string => `${platformAppId}/${priTmplId}`;
