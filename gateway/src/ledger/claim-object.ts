import { createHash } from 'node:crypto';
import { namespaces, type RiskLevel } from '@sentinel/crds';
import type { AnyObject } from '@sentinel/kube';
import type { ActionRef, Claim, ClaimRequest, Replica, RollbackMode } from './claim.ts';

/** Labels of the objects of the ledger: the Job that one is for, and what it is. */
export const JOB_LABEL = 'sentinel.dev/job';
export const KIND_LABEL = 'sentinel.dev/ledger';
/** On the claim of a real run: the uid of the action that it undoes. */
export const UNDOES_LABEL = 'sentinel.dev/undoes';
/** The label value of the claim of a real run that is not closed. */
export const OPEN_RUN = 'open-run';

/**
 * The name of a claim. That of a real run depends only on the action: creating it is the lock that lets an action run only once, for any
 * number of rehearsals, plans and Jobs.
 */
export function claimName({ jobUid, action, plan }: ClaimRequest): string {
  if (plan === undefined) return `claim-${jobUid}`;
  return runClaimName(action);
}

/** The name of the claim of the real run of an action. */
export const runClaimName = ({ uid }: Pick<ActionRef, 'uid'>) => `claim-${hashOf(uid)}`;

/** A uid in the names of objects. */
export const hashOf = (uid: string): string => createHash('sha256').update(uid).digest('hex').slice(0, 40);

/** The claim of an action that was never run, which prevents any later run. */
export function endObject(action: ActionRef, { address, process }: Replica, now: number) {
  const labels = { [JOB_LABEL]: action.uid };
  const data = {
    ...{ job: NOBODY, pod: NOBODY, account: NOBODY, replica: address, process },
    action: `${action.namespace}/${action.name}`,
    actionUid: action.uid,
    claimedAt: String(now),
    closed: 'true',
  };
  const metadata = { name: runClaimName(action), namespace: namespaces.ledger, labels };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
}

const NOBODY = 'none';

/** The object that a claim is created as. */
export function claimObject(request: ClaimRequest) {
  const { jobUid, podUid: pod, replica, action, account, plan, verifies, undoes, now } = request;
  const labels = {
    [JOB_LABEL]: jobUid,
    ...(plan === undefined ? {} : { [KIND_LABEL]: OPEN_RUN }),
    ...(undoes === undefined ? {} : { [UNDOES_LABEL]: undoes }),
  };
  const data = {
    job: jobUid,
    pod,
    replica: replica.address,
    process: replica.process,
    action: `${action.namespace}/${action.name}`,
    actionUid: action.uid,
    account,
    claimedAt: String(now),
    ...(verifies === undefined ? {} : { verifies }),
    ...(plan === undefined
      ? {}
      : {
          plan: plan.digest,
          effects: String(plan.effects),
          risk: plan.risk,
          rollback: plan.rollback,
          checks: String(plan.checks),
        }),
  };
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: claimName(request), namespace: namespaces.ledger, labels },
    data,
  };
}

/** Reads a claim from its object. */
export function readClaim(object: AnyObject): Claim {
  const data = (object.data ?? {}) as Record<string, string | undefined>;
  const { job, pod, replica, process, account, blocked, blockedBy, plan, effects, closed, claimedAt } = data;
  const { risk, rollback, checks, verifies, endedWell, rollingBack, over } = data;
  const action = readAction(data);
  if (!job || !pod || !replica || !process || !account || !action)
    throw new Error(`the claim ${object.metadata.name ?? ''} cannot be parsed`);
  return {
    name: object.metadata.name ?? '',
    action,
    account,
    job,
    pod,
    replica,
    process,
    blocked,
    blockedByUnknown: blockedBy === 'OutcomeUnknown',
    plan,
    effects: Number(effects),
    risk: risk as RiskLevel | undefined,
    rollback: rollback as RollbackMode | undefined,
    checks: checks === undefined ? undefined : Number(checks),
    verifies,
    closed: closed !== undefined,
    endedWell: endedWell !== undefined,
    rollingBack: rollingBack !== undefined,
    over,
    claimedAt: Number(claimedAt),
    version: object.metadata.resourceVersion ?? '',
  };
}

/** The action that an object of the ledger is for. */
export function readAction({ action, actionUid: uid }: Record<string, string | undefined>): ActionRef | undefined {
  const [namespace, name] = action?.split('/') ?? [];
  return uid && namespace && name ? { namespace, name, uid } : undefined;
}
