/** A tag group: what may be sold under it, and the rules of giving it back. */
export interface TagGroup {
  readonly id: string;
  readonly name: string;
  readonly goodsTypes: readonly number[];
  readonly rules: readonly RefundRule[];
}

/** What a refund takes while the order is in `status` of its fulfilment. */
interface RefundRule {
  readonly status: FulfilStatus;
  /** 1: the merchant decides, 2: nobody need be asked. */
  readonly audit: 1 | 2;
  /** 1: in full, 2: what both agree on, 3: not at all. */
  readonly refund: 1 | 2 | 3;
}

/** In this order only. */
export const FULFIL_STATUSES = ['FULFILL_WAIT', 'FULFILLING', 'FULFILL_DONE'] as const;
export type FulfilStatus = (typeof FULFIL_STATUSES)[number];

const PHONE_CARDS = [101, 102, 103, 104, 105, 106, 107];
const CONTENT = [402, 403, 404, 405, 406];
const WAITING = { status: 'FULFILL_WAIT', audit: 2, refund: 1 } as const;
const NEGOTIABLE = [WAITING, { status: 'FULFILLING', audit: 1, refund: 2 }] as const;
const FINAL_ONCE_BEGUN = [WAITING, { status: 'FULFILLING', audit: 1, refund: 3 }] as const;
const FINAL = [{ status: 'FULFILL_WAIT', audit: 1, refund: 3 }] as const;

/** The platform's stock. Ids and names as integrators know them; which goods types go with 201's is from one source. */
export const TAG_GROUPS: readonly TagGroup[] = [
  group('7272625659887943692', '号卡商品', PHONE_CARDS, NEGOTIABLE),
  group('7272625659887960076', '定制服务', PHONE_CARDS, NEGOTIABLE),
  group('7272625659887976460', '定制服务', PHONE_CARDS, FINAL_ONCE_BEGUN),
  group('7272625659887992844', '虚拟充值', PHONE_CARDS, FINAL),
  group('7272625659888009228', '普通咨询', [201], NEGOTIABLE),
  group('7272625659888025612', '普通咨询', [201], FINAL_ONCE_BEGUN),
  group('7297888175123382299', '代写文书', [201], NEGOTIABLE),
  group('7272625659888041996', '内容消费', [401, ...CONTENT], FINAL),
  group('7272625659888058380', '虚拟服务', [201, 301], FINAL),
];

export const isGoodsType = (type: number): boolean => TAG_GROUPS.some(({ goodsTypes }) => goodsTypes.includes(type));

/** Whether goods of that type need a `skuAttr`. */
export const needsAttributes = (type: number): boolean => isPhoneCard(type) || CONTENT.includes(type);

export const isPhoneCard = (type: number): boolean => PHONE_CARDS.includes(type);

export const fits = (tagGroupId: string, type: number): boolean =>
  TAG_GROUPS.some(({ id, goodsTypes }) => id === tagGroupId && goodsTypes.includes(type));

/** As tag_query shows it. */
export const tagDetail = ({ id, name, goodsTypes, rules }: TagGroup): object => ({
  tag_group_id: id,
  tag_list: [
    {
      tag_id: id.replace('_group', ''),
      tag_name: name,
      tag_type: 'refund',
      tag_descs: [name],
      biz_line: 'general_trade',
      goods_type: goodsTypes[0],
    },
  ],
  rule_list: rules.map(({ status, audit, refund }, index) => ({
    rule_id: `${id.replace('tag_group', 'rule')}_${index + 1}`,
    rule_type: 'refund',
    refund_rule: { biz_status: status, merchant_audit_type: audit, refund_type: refund },
  })),
});

function group(number: string, name: string, goodsTypes: number[], rules: readonly RefundRule[]): TagGroup {
  return { id: `tag_group_${number}`, name, goodsTypes, rules };
}
