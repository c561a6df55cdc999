import { Injectable } from '@nestjs/common';
import { newId } from '../common/ids.js';
import { Database, type Tx } from '../database/database.js';
import type { ConsentAnswer, ConsentKind } from '../platforms/message-platform.js';
import type { PlatformCode } from '../platforms/platform.js';
import type { Change } from './consent-moves.js';
import { type ConsentRow, MOVE, TAKE, TEMPLATES } from './consent.sql.js';

/** A mini-program of an app, as rows name it. */
export interface Program {
  readonly appId: string;
  readonly accountId: string;
}

/** What somebody said of one template. */
export interface GivenAnswer {
  readonly openid: string;
  readonly kind: ConsentKind;
  readonly answer: ConsentAnswer;
}

/** What messages of the app call a template of the platform. */
export interface KnownTemplate extends Record<string, unknown> {
  readonly key: string;
  readonly templateId: string;
  readonly kind: ConsentKind;
}

export interface ConsentChange extends Change {
  readonly templateId: string;
  readonly openid: string;
}

/** The consents of persons: what is counted, and the entry for every change of it. */
@Injectable()
export class ConsentLedger {
  constructor(private readonly db: Database) {}

  /** Which of the platform's templates messages of the app use, by the platform's id; of several the first that was made. */
  async templates(
    appId: string,
    platform: PlatformCode,
    platformAppId: string,
    templateIds: readonly string[],
    tx?: Tx,
  ): Promise<ReadonlyMap<string, KnownTemplate>> {
    const rows = await this.db.run<KnownTemplate>(TEMPLATES, [appId, platform, platformAppId, templateIds], tx);
    return new Map(rows.reverse().map((row) => [row.templateId, row]));
  }

  /**
   * Locks the consents that are answered until `tx` ends, made if they are not there. Of answers to the same template by
   * the same person the last remains. `at`: protocol time.
   */
  async take(
    tx: Tx,
    { appId, accountId }: Program,
    at: Date,
    answers: readonly GivenAnswer[],
  ): Promise<readonly ConsentRow[]> {
    const one = [...new Map(answers.map((given) => [`${given.answer.templateId} ${given.openid}`, given])).values()];
    return this.db.run<ConsentRow>(
      TAKE,
      [
        appId,
        accountId,
        at,
        one.map(({ answer }) => answer.templateId),
        one.map(({ openid }) => openid),
        one.map(({ kind }) => kind),
        one.map(({ answer }) => shortened(answer.answer)),
      ],
      tx,
    );
  }

  /** Changes consents that are locked, each at most once; gives them as they are now. `at`: protocol time. */
  async move(
    tx: Tx,
    { appId, accountId }: Program,
    at: Date,
    changes: readonly ConsentChange[],
  ): Promise<readonly ConsentRow[]> {
    if (changes.length === 0) return [];
    return this.db.run<ConsentRow>(
      MOVE,
      [
        appId,
        accountId,
        at,
        changes.map(({ templateId }) => templateId),
        changes.map(({ openid }) => openid),
        changes.map(() => newId('consentEntry')),
        changes.map(({ kind }) => kind),
        changes.map(({ granted }) => granted),
        changes.map(({ claimed }) => claimed),
        changes.map(({ subscribed }) => (subscribed === null ? null : Number(subscribed))),
        changes.map(({ reason }) => reason),
        changes.map(({ notificationId }) => notificationId),
      ],
      tx,
    );
  }
}

/** A client may send anything as its answer. */
const shortened = (answer: string): string => answer.replace(/\p{Cc}/gu, '').slice(0, 40);
