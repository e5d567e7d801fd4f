import type { StandingApproval } from '@sentinel/crds';
import type { Paint } from '../terminal/paint.ts';
import { visible, visibleBlock } from '../terminal/visible.ts';

/** The standing approvals of the schedule of an action, and whether each counts for its plan. */
export const standingLines = (standing: readonly StandingApproval[], paint: Paint): string[] =>
  standing.flatMap((one) => [
    `  ${sentenceOf(one)}${one.counts ? '' : paint('yellow', ` (does not count: ${visible(one.why ?? 'no reason given')})`)}`,
    ...(one.comment ? [visibleBlock(one.comment, '    | ')] : []),
  ]);

/** Who approved what the schedule does, up to which risk, and until when. */
export const sentenceOf = ({ user, upToRisk, time, expires }: StandingApproval): string =>
  `standing approval of the schedule by ${visible(user)} at ${visible(time)}, up to the risk ${visible(upToRisk)}, until ${visible(expires)}`;
