import { z } from 'zod';
import { BeijingTime, Notification } from './alipay.trade.wire.js';

const id = z.string().min(1).max(64);
/** What does not apply is absent or empty. */
const text = z
  .string()
  .max(128)
  .optional()
  .transform((value) => (value === '' ? undefined : value));
const time = z.union([BeijingTime, z.literal('').transform(() => undefined)]).optional();

/** `alipay.user.agreement.query` */
export const QueriedAgreement = z.object({
  agreement_no: id,
  external_agreement_no: text,
  /** `TEMP`: not signed yet, `NORMAL`, `STOP`: suspended. */
  status: z.string().max(32),
  sign_time: time,
  invalid_time: time,
  /** The day for which the next debit is planned; a time of day may stand behind it. */
  next_deduct_time: z
    .string()
    .regex(/^\d{4}-\d\d-\d\d/)
    .optional()
    .catch(undefined),
  principal_open_id: text,
  principal_id: text,
});
export type QueriedAgreement = z.infer<typeof QueriedAgreement>;

/** `dut_user_sign` and `dut_user_unsign`. Empty values count as absent. */
export const AgreementNotification = Notification.extend({
  agreement_no: id,
  external_agreement_no: z.string().max(64).optional(),
  /** `NORMAL`, `UNSIGN` */
  status: z.string().max(32),
  sign_time: BeijingTime.optional(),
  unsign_time: BeijingTime.optional(),
  invalid_time: BeijingTime.optional(),
  notify_time: BeijingTime.optional(),
  alipay_open_id: z.string().max(128).optional(),
  alipay_user_id: z.string().max(128).optional(),
});
export type AgreementNotification = z.infer<typeof AgreementNotification>;

/** `invalid_time` of an agreement without an end is 2115-02-01. */
const FOR_EVER = new Date('2100-01-01T00:00:00+08:00');

/** When an agreement is over by itself; null: when somebody ends it. */
export const endOf = (invalidAt: Date | undefined): Date | null =>
  invalidAt && invalidAt < FOR_EVER ? invalidAt : null;
