import {
  type AgentAction,
  type AuditRecord,
  EVIDENCE_DETAIL,
  EVIDENCE_MISSING_DETAIL,
  type EvidenceStage,
  finalStates,
  type State,
} from '@sentinel/crds';
import { stateOf } from '../../read.ts';

/** What an action says about the evidence of one of its stages. */
export interface NamedStage {
  readonly stage: EvidenceStage;
  readonly attempt?: number | undefined;
  /** The digest of its evidence; undefined if nothing of it is stored. */
  readonly digest?: string | undefined;
  /** What is missing of it, and why. */
  readonly missing?: string | undefined;
}

const NO_STORE = 'nothing was stored, because no evidence store was in use when it ended';
const NOT_ENDED = 'it has not ended, and its logs are stored at its end';

/**
 * The stages of an action in their order, with what is stored of each. A rollback has no Job of its own, so only an audit record names its
 * evidence; see {@link otherDigests} for actions that have lost this record.
 */
export function namedStages(action: AgentAction): NamedStage[] {
  const stages = action.status?.stages ?? [];
  const hasEnded = finalStates.has(stateOf(action) as State);
  const named = stages.map(({ stage, attempt, evidence: digest, evidenceMissing, outcome }): NamedStage => {
    const nothing = outcome === undefined && !hasEnded ? NOT_ENDED : NO_STORE;
    return { stage, attempt, digest, missing: evidenceMissing ?? (digest === undefined ? nothing : undefined) };
  });
  // From the last one on, so that the places of those before stay right.
  for (const record of rollbackRecords(action).reverse()) named.splice(placeAfterRun(stages, record.job), 0, rollbackOf(record));
  if (stateOf(action) === 'RollingBack') named.push({ stage: 'rollback', missing: NOT_ENDED });
  return named;
}

/** Evidence that the record of the end names and no stage: the status of an action that grew too large keeps only its newest records. */
export function otherDigests(action: AgentAction): string[] {
  const known = new Set(namedStages(action).map(({ digest }) => digest));
  const last = recordsOf(action).findLast(({ transition }) => transition === 'Ended');
  return (detailOf(last, EVIDENCE_DETAIL)?.split(',') ?? []).filter((digest) => digest !== '' && !known.has(digest));
}

const recordsOf = ({ status }: AgentAction) => status?.outbox?.records ?? [];
const rollbackRecords = (action: AgentAction) => recordsOf(action).filter(({ transition }) => transition === 'RollbackEnded');
const detailOf = (record: AuditRecord | undefined, wanted: string) => record?.details?.find(({ name }) => name === wanted)?.value;

function rollbackOf(record: AuditRecord): NamedStage {
  const digest = detailOf(record, EVIDENCE_DETAIL);
  const missing = detailOf(record, EVIDENCE_MISSING_DETAIL) ?? (digest === undefined ? NO_STORE : undefined);
  return { stage: 'rollback', digest, missing };
}

// A rollback comes after its run and the verification of that, and before the rehearsal of a new plan.
function placeAfterRun(stages: readonly { readonly stage: string; readonly uid: string }[], job: string | undefined): number {
  const run = stages.findIndex(({ uid }) => uid === job);
  const next = run < 0 ? -1 : stages.findIndex(({ stage }, at) => at > run && stage === 'rehearsal');
  return next < 0 ? stages.length : next;
}
