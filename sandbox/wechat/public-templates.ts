/** A keyword of a public template; `rule` is the prefix of its field's name. */
export interface Keyword {
  readonly kid: number;
  readonly name: string;
  readonly example: string;
  readonly rule: string;
}

/** A template of WeChat's public library. `type` 2: one-time, 3: long-term. */
export interface PublicTemplate {
  readonly tid: number;
  readonly title: string;
  readonly type: 2 | 3;
  readonly categoryId: number;
  readonly keywords: readonly Keyword[];
}

export const CATEGORIES = [
  { id: 616, name: '服装/鞋/箱包' },
  { id: 307, name: '政务民生' },
] as const;

const keyword = (kid: number, rule: string, name: string, example: string): Keyword => ({ kid, name, example, rule });

/** A small library. */
export const PUBLIC_TEMPLATES: readonly PublicTemplate[] = [
  {
    ...{ tid: 1001, title: '订单支付成功通知', type: 2, categoryId: 616 },
    keywords: [
      keyword(1, 'thing', '商品名称', '一杯咖啡'),
      keyword(2, 'amount', '支付金额', '￥12.34'),
      keyword(3, 'time', '支付时间', '2026年11月20日 15:01'),
      keyword(4, 'character_string', '订单编号', '20261120150100'),
      keyword(5, 'phrase', '订单状态', '已支付'),
    ],
  },
  {
    ...{ tid: 1002, title: '订单发货通知', type: 2, categoryId: 616 },
    keywords: [
      keyword(1, 'character_string', '快递单号', 'SF1234567890'),
      keyword(2, 'thing', '商品名称', '一杯咖啡'),
      keyword(3, 'name', '收货人', '张三'),
      keyword(4, 'phone_number', '联系电话', '13800138000'),
      keyword(5, 'date', '发货时间', '2026年11月20日'),
      keyword(6, 'car_number', '车牌号', '粤A12345'),
      keyword(7, 'number', '件数', '2'),
      keyword(8, 'letter', '尺码', 'XL'),
      keyword(9, 'symbol', '标记', '!!'),
    ],
  },
  {
    ...{ tid: 2001, title: '办理进度提醒', type: 3, categoryId: 307 },
    keywords: [
      keyword(1, 'thing', '办理事项', '居住证'),
      keyword(2, 'phrase', '当前进度', '审核中'),
      keyword(3, 'date', '更新日期', '2026年11月20日'),
    ],
  },
];

/** Which of them every mini-program has from the start, with which keywords. */
export const STOCK: readonly { readonly tid: number; readonly kids: readonly number[] }[] = [
  { tid: 1001, kids: [1, 2, 3] },
  { tid: 1002, kids: [1, 2, 3, 4, 5] },
  { tid: 2001, kids: [1, 2, 3] },
];
