import { Injectable } from '@nestjs/common';
import { newId } from '../common/ids.js';
import { Database, statement, type Tx } from '../database/database.js';
import type { RequestContext } from './caller.js';

const INSERT = statement(`
  insert into audit_log (app_id, id, actor, action, target, fields, request_id) values ($1, $2, $3, $4, $5, $6, $7)`);

export interface AuditEntry {
  readonly appId: string;
  /** `noun.verb`, e.g. `platform_account.update`. */
  readonly action: string;
  /** The id of what was changed. */
  readonly target: string;
  /** Names of the fields that were set; never their values. */
  readonly fields?: readonly string[];
}

/** Who changed what of an app's set-up, written in the transaction of the change. */
@Injectable()
export class Audit {
  constructor(private readonly db: Database) {}

  async record(tx: Tx, { requestId, actor }: RequestContext, entry: AuditEntry): Promise<void> {
    const { appId, action, target, fields = [] } = entry;
    await this.db.run(INSERT, [appId, newId('audit'), actor, action, target, fields, requestId], tx);
  }
}
