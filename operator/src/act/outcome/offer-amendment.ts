import type { AgentActionStatus, RunReport } from '@sentinel/crds';
import { cut } from '../../status/text.ts';

type Amendment = NonNullable<AgentActionStatus['amendment']>;

const REASON_MAX = 1024;

/** What a blocked action offers, as the gateway recorded it. */
export const offerOf = ({ refused, reason }: NonNullable<RunReport['amendment']>): Amendment =>
  reason === undefined ? { offered: true, refused } : { offered: false, refused, reason: cut(reason, REASON_MAX) };

/** Takes an offer back; why it was not made at first stays. */
export const withoutOffer = ({ refused, reason }: Amendment, why: string): Amendment => ({
  offered: false,
  refused,
  reason: reason ?? cut(why, REASON_MAX),
});

/** The offer in the record of the end of a run. */
export const describeOffer = ({ offered, reason }: Amendment): string =>
  offered ? 'offered, if everything is rolled back' : `not offered: ${reason ?? ''}`;
