import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { newId } from '../common/ids.js';
import { Database, type Tx } from '../database/database.js';
import type { ConsentAnswer } from '../platforms/message-platform.js';
import { BusinessTime } from '../tenancy/business-time.js';
import type { AppRecord } from '../tenancy/caller.js';
import { ConsentLedger, type GivenAnswer, type Program } from './consent-ledger.js';
import {
  decideReport,
  type Lately,
  MATCHED_WITHIN_MS,
  PUSHED_WITHIN_MS,
  REPORTED_EVERY_MS,
  type ReportDecision,
} from './consent-moves.js';
import { LOOK, REPORT } from './consent.sql.js';

interface Decided extends ReportDecision {
  readonly templateId: string;
  readonly pushIdentity: string | null;
}

/** Takes what clients tell of the subscribe dialog. */
@Injectable()
export class ConsentReports {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly time: BusinessTime,
    private readonly ledger: ConsentLedger,
  ) {}

  /** Gives the templates whose acceptance is counted. `answers` are of one person, each template once. */
  async take(
    tx: Tx,
    app: AppRecord,
    accountId: string,
    openid: string,
    answers: readonly Omit<GivenAnswer, 'openid'>[],
  ): Promise<ReadonlySet<string>> {
    const program = { appId: app.id, accountId };
    const now = this.clock.now();
    const given = answers.map((one) => ({ ...one, openid }));
    const consents = await this.ledger.take(tx, program, now, given);
    // After the locks: what another transaction did meanwhile is seen.
    const lately = await this.#lately(tx, program, openid, now, answers.map(({ answer }) => answer)); // prettier-ignore
    const decided = answers.map(({ answer }): Decided => {
      const { templateId } = answer;
      const known = lately.get(templateId)!;
      const consent = consents.find((row) => row.templateId === templateId)!;
      return { templateId, pushIdentity: known.pushIdentity, ...decideReport(consent, answer, known) };
    });
    await this.#write(tx, program, openid, { now, dropAt: this.#dropAt(app) }, decided);
    const changes = decided.flatMap(({ templateId, change }) => (change ? [{ templateId, openid, ...change }] : []));
    await this.ledger.move(tx, program, now, changes);
    return new Set(decided.filter(({ isCounted }) => isCounted).map(({ templateId }) => templateId));
  }

  #dropAt(app: AppRecord): Date {
    return new Date(this.time.now(app).getTime() + MATCHED_WITHIN_MS);
  }

  async #lately(
    tx: Tx,
    { appId, accountId }: Program,
    openid: string,
    now: Date,
    answers: readonly ConsentAnswer[],
  ): Promise<ReadonlyMap<string, Lately>> {
    const ago = (milliseconds: number) => new Date(now.getTime() - milliseconds);
    const templates = answers.map(({ templateId }) => templateId);
    const since = [ago(REPORTED_EVERY_MS), ago(MATCHED_WITHIN_MS), ago(PUSHED_WITHIN_MS)];
    const rows = await this.db.run<Lately & { templateId: string }>(
      LOOK,
      [appId, accountId, openid, templates, ...since],
      tx,
    );
    return new Map(rows.map(({ templateId, ...lately }) => [templateId, lately]));
  }

  async #write(
    tx: Tx,
    { appId, accountId }: Program,
    openid: string,
    { now, dropAt }: { now: Date; dropAt: Date },
    decided: readonly Decided[],
  ): Promise<void> {
    const told = decided.filter(({ report }) => report !== undefined);
    if (told.length === 0) return;
    const isClaim = ({ report }: Decided) => report!.mode === 'claim' && report!.status === 'open';
    await this.db.run(
      REPORT,
      [
        appId,
        accountId,
        openid,
        now,
        told.map(({ templateId }) => templateId),
        told.map(() => newId('consentReport')),
        told.map(({ report }) => report!.mode),
        told.map(({ report }) => report!.status),
        told.map((one) => (isClaim(one) ? dropAt.toISOString() : null)),
        told.map(({ report, pushIdentity }) => (report!.status === 'matched' ? pushIdentity : null)),
      ],
      tx,
    );
  }
}
