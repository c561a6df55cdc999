import { Injectable } from '@nestjs/common';
import { Database, type Tx } from '../database/database.js';
import type { PushNews } from '../platforms/message-platform.js';
import { ConsentLedger, type Program } from './consent-ledger.js';
import { type Change, change, decideLongTerm, decidePush, isTakenBack, MATCHED_WITHIN_MS } from './consent-moves.js';
import {
  type ConsentRow,
  DROP_ALL,
  FIND_PUSH,
  FIND_REPORT,
  KEEP_PUSH,
  LATER_PUSHES,
  MATCH,
  PUSHED,
  type ReportRow,
} from './consent.sql.js';

export type ConsentNews = Extract<PushNews, { kind: 'consent' }>;

/** When something happened, as the platform says, and when we heard of it. Protocol time. */
export interface Told {
  readonly happenedAt: Date;
  readonly receivedAt: Date;
}

type Effect = 'grant' | 'void' | 'none';

/** Takes what platforms tell of people's answers; each of it once, however often it is told. */
@Injectable()
export class ConsentPushes {
  constructor(
    private readonly db: Database,
    private readonly ledger: ConsentLedger,
  ) {}

  /** Pushes arrive from this account: from now on they grant, and reports only claim. */
  async arrived(tx: Tx, { appId, accountId }: Program, receivedAt: Date): Promise<void> {
    await this.db.run(PUSHED, [appId, accountId, receivedAt], tx);
  }

  /** `kindOf`: the kind of a template by the platform's id. */
  async take(
    tx: Tx,
    program: Program,
    told: Told,
    news: readonly ConsentNews[],
    kindOf: (templateId: string) => ConsentRow['kind'],
  ): Promise<void> {
    const fresh: ConsentNews[] = [];
    for (const one of news) if (!(await this.#isKnown(tx, program, one))) fresh.push(one);
    const answers = fresh.map(({ openid, answer }) => ({ openid, answer, kind: kindOf(answer.templateId) }));
    const consents = new Map<string, ConsentRow>();
    const keep = (rows: readonly ConsentRow[]) => rows.forEach((row) => consents.set(keyOf(row), row));
    keep(await this.ledger.take(tx, program, told.receivedAt, answers));
    for (const one of fresh) {
      const { openid, answer } = one;
      const { templateId } = answer;
      const found = await this.#act(tx, program, told, one, consents.get(keyOf({ templateId, openid }))!);
      if (found) keep(await this.ledger.move(tx, program, told.receivedAt, [{ templateId, openid, ...found }]));
    }
  }

  /** Before the consent is touched: a repeat leaves the latest answer as it is. */
  async #isKnown(tx: Tx, { appId, accountId }: Program, { identity }: ConsentNews): Promise<boolean> {
    return (await this.db.run(FIND_PUSH, [appId, accountId, identity], tx)).length > 0;
  }

  async #act(
    tx: Tx,
    program: Program,
    told: Told,
    news: ConsentNews,
    consent: ConsentRow,
  ): Promise<Change | undefined> {
    const { answer, isSetting } = news;
    const later = await this.#later(tx, program, told, news);
    const effect = effectOf(consent, news, later.voids > 0);
    const report =
      effect === 'grant' && consent.kind === 'one_time' ? await this.#reportOf(tx, program, told, news) : undefined;
    // The consent is locked, so of two that bring the same news the second finds it here.
    if (!(await this.#keep(tx, program, told, news, effect, report?.id ?? null))) return undefined;
    if (effect === 'void') return this.#takeBack(tx, program, consent, later.grants);
    if (effect === 'none' && (consent.kind === 'one_time' || answer.isAccepted)) return undefined;
    if (consent.kind === 'long_term') return decideLongTerm(consent, answer, isSetting ? 'settings' : 'push').change;
    if (report) await this.db.run(MATCH, [program.appId, report.id], tx);
    return decidePush(report, consent.claimed);
  }

  async #later(
    tx: Tx,
    { appId, accountId }: Program,
    { happenedAt }: Told,
    { openid, answer }: ConsentNews,
  ): Promise<{ grants: number; voids: number }> {
    const values = [appId, accountId, answer.templateId, openid, happenedAt];
    const [row] = await this.db.run<{ grants: number; voids: number }>(LATER_PUSHES, values, tx);
    return row!;
  }

  async #reportOf(
    tx: Tx,
    { appId, accountId }: Program,
    { happenedAt, receivedAt }: Told,
    { openid, answer }: ConsentNews,
  ): Promise<ReportRow | undefined> {
    const from = (moment: Date, milliseconds: number) => new Date(moment.getTime() + milliseconds);
    const about = [
      from(receivedAt, -MATCHED_WITHIN_MS),
      from(happenedAt, -MATCHED_WITHIN_MS),
      from(happenedAt, MATCHED_WITHIN_MS),
    ];
    const values = [appId, accountId, answer.templateId, openid, ...about];
    const [report] = await this.db.run<ReportRow>(FIND_REPORT, values, tx);
    return report;
  }

  async #keep(
    tx: Tx,
    { appId, accountId }: Program,
    { happenedAt, receivedAt }: Told,
    { identity, openid, answer }: ConsentNews,
    effect: Effect,
    reportId: string | null,
  ): Promise<boolean> {
    const values = [appId, accountId, identity, answer.templateId, openid, effect, reportId, happenedAt, receivedAt];
    return (await this.db.run(KEEP_PUSH, values, tx)).length > 0;
  }

  /** In the settings: nothing of what was accepted before counts any more, but for `newer` acceptances that came after. */
  async #takeBack(
    tx: Tx,
    { appId, accountId }: Program,
    { templateId, openid, granted, claimed, subscribed }: ConsentRow,
    newer: number,
  ): Promise<Change | undefined> {
    await this.db.run(DROP_ALL, [appId, accountId, templateId, openid], tx);
    const voided = Math.max(0, granted - newer);
    const remains = subscribed && newer > 0;
    if (voided === 0 && claimed === 0 && subscribed === remains) return undefined;
    return change('voided', 'settings', { granted: -voided, claimed: -claimed, subscribed: remains });
  }
}

/** What was accepted before it was taken back is not granted when its push comes after that. */
function effectOf({ kind }: ConsentRow, { answer, isSetting }: ConsentNews, wasTakenBack: boolean): Effect {
  if (isTakenBack(answer, isSetting)) return 'void';
  const isGrant = answer.isAccepted && (kind === 'long_term' || !isSetting);
  return isGrant && !wasTakenBack ? 'grant' : 'none';
}

const keyOf = ({ templateId, openid }: Pick<ConsentRow, 'templateId' | 'openid'>): string => `${templateId} ${openid}`;
