import { digestOf } from '../core/people.js';
import { AlipayError } from './errors.js';
import { text } from './fields.js';
import type { Operation } from './methods.js';
import { idsOf } from './people.js';
import type { Tokens } from './tokens.js';

const PLACES = [
  { province: '浙江省', city: '杭州市' },
  { province: '广东省', city: '深圳市' },
  { province: '四川省', city: '成都市' },
] as const;

/** `alipay.user.info.share`. */
export const userInfoShare =
  (tokens: Tokens): Operation =>
  (input) => {
    const { user, scopes } = tokens.grantOf(input, text(input.parameters.auth_token));
    // Which code Alipay gives for a token of scope auth_base alone is not published; this is the one that says so.
    if (!scopes.includes('auth_user')) throw new AlipayError('isv.insufficient-user-permissions');
    const face = digestOf('alipay', 'face', user);
    const { province, city } = PLACES[face.readUInt8() % PLACES.length] ?? PLACES[0];
    const { union_id: _, ...ids } = idsOf(input.account, user);
    return {
      avatar: `https://tfs.alipayobjects.com/images/partner/${face.toString('hex', 0, 8)}`,
      city,
      gender: face.readUInt8(1) % 2 === 0 ? 'F' : 'M',
      nick_name: user,
      ...ids,
      province,
    };
  };
