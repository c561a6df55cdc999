import type { ZodType } from 'zod';

/** The platforms that this build knows; adding one is one word here, one folder beside, one line in platforms.module.ts. */
export const PLATFORM_CODES = ['wechat', 'alipay', 'douyin'] as const;
export type PlatformCode = (typeof PLATFORM_CODES)[number];

/**
 * One mini-program of one app on one platform, its secrets opened, as a platform folder needs it.
 * `mode` decides the hosts: a test account talks only to the sandbox, a live one only to the platform (never by default).
 */
export interface PlatformAccount<Credentials = unknown> {
  readonly appId: string;
  readonly id: string;
  readonly platform: PlatformCode;
  readonly platformAppId: string;
  readonly mode: 'test' | 'live';
  readonly credentials: Credentials;
}

/** What every platform tells about itself: its code and the shape of an account's credentials. */
export interface PlatformDescription {
  readonly code: PlatformCode;
  /** The platform's own form of a mini-program id, e.g. `wx` and 16 hexadecimal digits. */
  readonly platformAppId: ZodType<string>;
  /** Strict schema of `credentials`; every field has a description for the API document. */
  readonly credentials: ZodType<object>;
  /** Fields of `credentials` that no answer may ever show; a fingerprint stands for them. */
  readonly secretFields: readonly string[];
  /**
   * What a developer would type into the platform's console for these credentials: the public half of a key instead of
   * the key. Left out: the credentials as they are. The sandbox's console gets it; fields may be missing.
   */
  toConsole?(credentials: Readonly<Record<string, string>>): Readonly<Record<string, string>>;
}

/** Who came, as the platform says after a code exchange. At least one of `openid`, `anonymousOpenid` is present. */
export interface PlatformPerson {
  /** The person within this mini-program. Absent only for Douyin's anonymous visitors. */
  readonly openid?: string;
  /** Alipay: the old `user_id` when `open_id` came too, so that an account that migrates keeps its users. */
  readonly alternateOpenid?: string;
  /** The person across the developer's mini-programs on this platform; may appear later than the openid. */
  readonly unionid?: string;
  /** Douyin: the device-level id, present when an anonymous code was exchanged. */
  readonly anonymousOpenid?: string;
  /** WeChat and Douyin: base64 text of 16 bytes. Decrypts the client's data; never leaves the server. */
  readonly sessionKey?: string;
}

export interface LoginCodes {
  /** What the client's login call gave (`wx.login`, `my.getAuthCode`, `tt.login`). */
  readonly code?: string;
  /** Douyin only: `anonymousCode` of `tt.login`. */
  readonly anonymousCode?: string;
}

/** Exchanges a client's login code. Throws PlatformError; never a default person. */
export interface LoginPlatform extends PlatformDescription {
  exchange(account: PlatformAccount, codes: LoginCodes): Promise<PlatformPerson>;
}

/** A phone number, verified by the platform. `number` is E.164 with a leading `+`. */
export interface PlatformPhone {
  readonly number: string;
  readonly countryCode: string;
}

/** What a client may hand over to prove a phone number: a code of the button, or the encrypted form. */
export type PhoneProof = { readonly code: string } | EncryptedData;

export interface EncryptedData {
  readonly encryptedData: string;
  /** WeChat and Douyin: base64 of 16 bytes. Alipay has none: its `encryptedData` is `res.response` of `my.getPhoneNumber`. */
  readonly iv?: string;
}

/** What the identity holds that a phone proof may need. */
export interface PhoneContext {
  readonly openid: string;
  /** Absent when the identity never logged in with a code, or the platform has no session keys. */
  readonly sessionKey?: string;
}

export interface PhonePlatform extends PlatformDescription {
  /** Throws PlatformError: `login_again` when the session key no longer fits, `phone_code_invalid` for a used code. */
  phone(account: PlatformAccount, proof: PhoneProof, context: PhoneContext): Promise<PlatformPhone>;
}

/** User data that the client signed and encrypted with the session key (WeChat, Douyin). */
export interface ProfilePlatform extends PlatformDescription {
  /**
   * Verifies `signature = sha1(rawData + sessionKey)` in constant time and, when `encrypted` is given, decrypts it and
   * checks its watermark (mini-program id and age). Gives what the platform knows of the person.
   */
  profile(account: PlatformAccount, proof: ProfileProof, sessionKey: string): PlatformProfile;
}

export interface ProfileProof {
  readonly rawData: string;
  readonly signature: string;
  readonly encrypted?: EncryptedData;
}

export interface PlatformProfile {
  readonly nickname?: string;
  readonly avatarUrl?: string;
  readonly unionid?: string;
}

/** Tries the account's credentials against the platform and says in plain words what is wrong. */
export interface VerifiablePlatform extends PlatformDescription {
  verify(account: PlatformAccount): Promise<AccountCheck>;
}

export interface AccountCheck {
  readonly ok: boolean;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[];
}
