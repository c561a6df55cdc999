import { z } from 'zod';

const code = z.union([z.string(), z.number()]).transform(String);
const words = z.string().max(4_000);

/** The members that every node may have. `alipay.system.oauth.token` and other old methods succeed without a code. */
export const Verdict = z.object({
  code: code.optional(),
  msg: words.optional(),
  sub_code: z.string().max(128).optional(),
  sub_msg: words.optional(),
});

/** `alipay.system.oauth.token`. Apps get `open_id`, older ones `user_id`, both while they migrate. */
export const UserToken = z.object({
  open_id: z.string().min(1).optional(),
  user_id: z.string().min(1).optional(),
  union_id: z.string().min(1).optional(),
});

/** `alipay.open.app.alipaycert.download`: base64 of a PEM file. */
export const DownloadedCertificate = z.object({ alipay_cert_content: z.string().min(1) });

/** `res.response` of `my.getPhoneNumber`, parsed: ciphertext, or a plain refusal that begins with `{`. */
export const PhoneEnvelope = z.object({
  response: z.string().min(1),
  sign: z.string().min(1).optional(),
  sign_type: z.string().optional(),
});

/** What is inside of `PhoneEnvelope.response`. Its refusals are written in camelCase, unlike the gateway's. */
export const PhoneAnswer = z.object({
  code,
  msg: words.optional(),
  subCode: z.string().max(128).optional(),
  subMsg: words.optional(),
  mobile: z.string().optional(),
});
