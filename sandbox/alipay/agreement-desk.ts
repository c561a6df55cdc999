import type { Platform, World } from '../core/platform.js';
import { agreementAction } from './agreement-action.js';
import { AgreementChanges } from './agreement-changes.js';
import { AgreementEnding } from './agreement-ending.js';
import { AgreementLookup } from './agreement-lookup.js';
import { AgreementNotices } from './agreement-notices.js';
import { agreementQuery } from './agreement-query.js';
import { AgreementSigning } from './agreement-signing.js';
import { Agreements } from './agreements.js';
import type { Merchants } from './merchants.js';
import type { Method } from './methods.js';
import type { People } from './people.js';

/** Everything about agreements that the platform has to offer, apart from debits. */
export interface AgreementDesk {
  readonly agreements: Agreements;
  readonly signing: AgreementSigning;
  readonly methods: Readonly<Record<string, Method>>;
  readonly actions: Platform['actions'];
}

export function agreementDesk(world: World, people: People, merchants: Merchants): AgreementDesk {
  const agreements = new Agreements(world);
  const notices = new AgreementNotices(world, agreements);
  const lookup = new AgreementLookup(agreements, people, merchants);
  const ending = new AgreementEnding(agreements, lookup, notices);
  const changes = new AgreementChanges(agreements, lookup);
  return {
    agreements,
    signing: new AgreementSigning(world, agreements, people, merchants, notices),
    methods: {
      'alipay.user.agreement.query': { run: agreementQuery(agreements, lookup), isRead: true },
      'alipay.user.agreement.unsign': { run: ending.run },
      'alipay.user.agreement.executionplan.modify': { run: changes.day },
      'alipay.user.agreement.cyclepayauthplans.modify': { run: changes.limits, isV2Only: true },
    },
    actions: { contract: agreementAction(agreements, ending) },
  };
}
