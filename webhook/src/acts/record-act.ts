import { Act } from '@sentinel/crds';
import { isSuspension } from '@sentinel/policy';
import { type AdmissionRequest, Denied } from '../admission/review.ts';
import { actOf, onlyStops } from './acts-of.ts';
import { deletionWarning } from './deletion-warning.ts';
import { type ActJournal, isOwn } from './journal.ts';

/**
 * Records who does what, before the API server stores the change, and returns a warning for the caller, if any. A dry-run is not recorded. An act
 * that cannot be recorded is refused (throws Denied), unless it only stops something (or creates a policy that only suspends) and is that of a person; so is an act on an object that
 * cannot exist, which the API server never reviews.
 */
export async function recordAct(
  request: AdmissionRequest,
  journal: Pick<ActJournal, 'write'>,
  now: Date,
): Promise<readonly string[]> {
  const act = actOf(request, now);
  if (!act) return [];
  const fault = Act.safeParse(act).error?.issues[0];
  if (fault)
    throw new Denied('ObjectInvalid', `the API server cannot store this object (${fault.path.join('.')}: ${fault.message})`);
  const lost = isOwn(act) ? undefined : deletionWarning(request);
  const warnings = lost === undefined ? [] : [lost];
  if (request.dryRun) return warnings;
  const unwritten = await journal.write(act);
  if (unwritten === undefined) return warnings;
  // The operator can retry; a person who stops something must not have to.
  if (!(onlyStops(act) || createsSuspension(request)) || isOwn(act))
    throw new Denied('ChangeNotRecorded', unrecorded(act, unwritten));
  return [
    ...warnings,
    `sentinel: who did this is not in Sentinel's audit trail: ${unwritten}; the audit log of the API server has it`,
  ];
}

const createsSuspension = ({ operation, resource, object }: AdmissionRequest): boolean =>
  operation === 'CREATE' && resource.resource === 'agentpolicies' && isSuspension(object?.spec);

const unrecorded = ({ kind, name }: Act, fault: string) =>
  `the change of ${kind} '${name}' cannot be recorded, so it is refused: ${fault}. Try again; if it lasts, look at the sink of the audit trail`;
