import type { ZodType } from 'zod';
import type { AccountCheck, PlatformAccount, PlatformDescription } from './platform.js';

/** One message to one person, complete: values are texts that the platform shows as they are. */
export interface OutgoingMessage {
  readonly openid: string;
  /** The platform's own id of the template. */
  readonly templateId: string;
  /** By the platform's own name of the field: WeChat `thing1`, Alipay `keyword1`, Douyin the keyword's text. */
  readonly fields: Readonly<Record<string, string>>;
  /** Where a tap leads: a page of the mini-program, query allowed, no leading slash. Null: nowhere. */
  readonly page: string | null;
}

/**
 * What came of sending. Nothing is thrown: a queue has to know for sure. Each platform's error table maps its codes to
 * one of these.
 */
export type SendOutcome =
  /** The platform has taken it. */
  | { readonly kind: 'sent'; readonly platformMessageId: string | null }
  /** Certainly not sent: the person has no (more) consent. Normal traffic. */
  | { readonly kind: 'refused'; readonly platformCode: string; readonly detail: string }
  /** Certainly not sent, and never will be as it is. */
  | {
      readonly kind: 'failed';
      /** Who has to act: nobody (`person`: cannot be reached), or the developer. */
      readonly fault: MessageFault;
      readonly platformCode: string;
      readonly detail: string;
    }
  /** Certainly not sent: try again. */
  | {
      readonly kind: 'later';
      /** How much has to wait: this message, all to this person, or all of the account. */
      readonly scope: 'message' | 'person' | 'account';
      /** Seconds, or the platform's next day (00:00 UTC+8); null: back off. */
      readonly retryAfter: number | 'next_day' | null;
      /** Somebody has to act before it gets better: tell the developer. */
      readonly isAlarm?: true;
      readonly platformCode: string;
      readonly detail: string;
    }
  /** Handed over, and no answer that can be believed: it may or may not have been sent. Never sent again. */
  | { readonly kind: 'unknown'; readonly detail: string };

/** `template`: the template is gone, banned or mapped wrongly. `data`: values or page. `person`: cannot be reached. */
export type MessageFault = 'person' | 'template' | 'data' | 'account';

/** Whether a text fits a field, cut with an ellipsis where the platform's rule allows. `detail` names the rule. */
export type FieldFit =
  | { readonly fits: true; readonly text: string; readonly isShortened: boolean }
  | { readonly fits: false; readonly detail: string };

/** A template that an account has at its platform. */
export interface PlatformTemplate {
  readonly templateId: string;
  readonly title: string;
  readonly kind: ConsentKind;
  readonly fields: readonly { readonly name: string; readonly label: string; readonly example: string }[];
}

/** `one_time`: each acceptance lets one message through. `long_term`: any number, until it is taken back. */
export type ConsentKind = 'one_time' | 'long_term';

/** What a person answered for one template. */
export interface ConsentAnswer {
  readonly templateId: string;
  readonly isAccepted: boolean;
  /** The platform's own word: `accept`, `reject`, `ban`, `filter`, `acceptWithAudio`, … */
  readonly answer: string;
}

/** What a platform pushes about a mini-program: verified and read, not yet acted upon. */
export interface MessagePush {
  /** The platform's own name: `subscribe_msg_popup_event`, `text`. */
  readonly type: string;
  /** The person it is about, if any. */
  readonly openid: string | null;
  /** When it happened, as the platform says (protocol time). */
  readonly happenedAt: Date;
  readonly news: readonly PushNews[];
}

export type PushNews =
  /** The person answered the dialog, or changed the setting (`isSetting`). `identity`: the same in every repeat of the push. */
  | {
      readonly kind: 'consent';
      readonly openid: string;
      readonly answer: ConsentAnswer;
      readonly isSetting: boolean;
      readonly identity: string;
    }
  /** What became of a message that the platform had taken: `sent`, `refused` or `failed`. */
  | {
      readonly kind: 'delivery';
      readonly openid: string;
      readonly templateId: string;
      readonly platformMessageId: string | null;
      readonly outcome: SendOutcome;
    };

/**
 * Template messages on one platform. No method stores anything. `send` never throws; the others throw PlatformError, except
 * for the pure ones.
 */
export interface PlatformMessages {
  /** What an account may send at most: by the platform's documentation, or what is known to be safe. */
  readonly pace: { readonly perSecond: number; readonly burst: number };
  /** Whether the platform refuses two sends at once to one person. */
  readonly isSerialPerPerson: boolean;
  /** Whether the platform refuses a message that leads nowhere: then a template or the message has to name a page. */
  readonly isPageRequired?: boolean;
  /** The form of this platform's template ids. */
  readonly templateId: ZodType<string>;
  /** Bytes or characters are the platform's business: checks a page and gives it as it is sent, or what is wrong. */
  page(page: string): FieldFit;
  /** Whether a template may have a field of that name; what is wrong with it, else undefined. Pure. */
  fieldProblem(field: string): string | undefined;
  /** Pure. `text` is what the template's mapping has made of the variables. */
  fit(field: string, text: string): FieldFit;
  /** What is wrong with all fields together (count, bytes in all), else undefined. Pure. */
  dataProblem(fields: Readonly<Record<string, string>>): string | undefined;
  /**
   * Reads the result of the client's subscribe call as it is, templates only: what else the client says beside them
   * (`errMsg`, …) is left out. Unknown words count as not accepted. Pure.
   */
  answers(results: Readonly<Record<string, unknown>>): readonly ConsentAnswer[];
  send(account: PlatformAccount, message: OutgoingMessage): Promise<SendOutcome>;
  /** The account's templates at the platform. Absent where there is no API for it. */
  templates?(account: PlatformAccount): Promise<readonly PlatformTemplate[]>;
  /** Tries what pushes need and says in plain words what is missing. */
  verify?(account: PlatformAccount): AccountCheck['checks'][number];
}

export interface MessagePlatform extends PlatformDescription {
  readonly messages: PlatformMessages;
}
