import { digestOf, type Effect, type ObservedEffect } from '@sentinel/crds';
import type { KubeClient } from '@sentinel/kube';
import {
  type DraftFacts,
  dataHandling,
  draftPlan,
  isAdHoc,
  keepDiffs,
  type PolicySet,
  placeChanges,
  playbookDigest,
  renderJob,
  templateDigest,
  trustOf,
  UNTRUSTED_STEPS,
} from '@sentinel/policy';
import type { Replayed } from '../amend/blocked-write.ts';
import { shortenForRules } from '../effect/shorten.ts';
import { gatherSurroundings, type Surroundings } from '../enforce/gather-facts.ts';
import type { Ledger } from '../ledger/store.ts';
import { forbidden, Refused } from '../request/refused.ts';
import type { Rehearsal, Run } from '../run/run.ts';
import type { Storage } from '../storage.ts';
import { listBudgets, readBudgets } from './budgets.ts';
import { mayAccount, withInverseRights } from './inverse-rights.ts';
import type { SealedRecording } from './sealed-recording-type.ts';
import { withinQuota } from './store-within-quota.ts';

export type { SealedRecording } from './sealed-recording-type.ts';

export interface SealContext {
  readonly client: KubeClient;
  readonly ledger: Pick<Ledger, 'keepRecording'>;
  readonly storage: Pick<Storage, 'reserve'>;
  /** Rehearses the write that a blocked run was refused, for its amendment. */
  readonly replay: (run: Run) => Promise<Replayed | undefined>;
}

/**
 * Stores the recording of a rehearsal and its plan. The first stored one counts, even if more is recorded later. If both do not fit, only the
 * reason is stored.
 */
export async function sealRecording({ client, ledger, storage, replay }: SealContext, run: Run): Promise<SealedRecording> {
  const replayed = await replay(run);
  // A copy, because a step that still runs may add to the recording in the meantime.
  const recorded = [...run.recording.effects];
  const notObservable = [...run.recording.notObservable];
  const reads = [...run.recording.reads];
  const undone = undoneBy(run);
  const effects = await withInverseRights(mayAccount(client, run), recorded);
  const parent = run.rehearsal?.parent;
  const { policies, ...made } = await madeOf(client, run, { effects, notObservable, reads, replayed, undone });
  const recording: SealedRecording = {
    action: {
      namespace: run.namespace,
      name: run.actionName,
      uid: run.actionUid,
      generation: run.generation,
      ...(parent === undefined ? {} : { parent }),
    },
    job: run.jobUid,
    sealedAt: Date.now(),
    account: run.account,
    effects: effects.map(shortenForRules),
    notObservable,
    ...made,
  };
  return await ledger.keepRecording(run.jobUid, withinQuota(recording, policies, storage));
}

interface Found {
  readonly effects: readonly ObservedEffect[];
  readonly notObservable: readonly string[];
  readonly reads: readonly string[];
  readonly replayed: Replayed | undefined;
  readonly undone: DraftFacts['undone'] | 'incomplete';
}

type Made = Pick<SealedRecording, 'draft' | 'parts' | 'dryRun' | 'fault'> & { readonly policies?: PolicySet };

async function madeOf(client: KubeClient, run: Run, found: Found): Promise<Made> {
  if (found.replayed && 'fault' in found.replayed) return { fault: found.replayed.fault };
  if (found.undone === 'incomplete') return { fault: 'the rehearsal ended before it had asked for every effect of the action' };
  return found.effects.length === 0 ? {} : await draftOrFault(client, run, found);
}

async function draftOrFault(client: KubeClient, run: Run, found: Found): Promise<Made> {
  try {
    return await draftOf(client, run, found);
  } catch (error) {
    // Other errors may be temporary: the operator retries.
    if (!(error instanceof Refused)) throw error;
    return { fault: error.message };
  }
}

async function draftOf(
  client: KubeClient,
  run: Run,
  found: Found,
): Promise<Pick<SealedRecording, 'draft' | 'parts' | 'dryRun'> & { readonly policies: PolicySet }> {
  if (!run.rehearsal) throw forbidden('RehearsalNotFound', 'the run is not a rehearsal');
  const { playbook, attempt, settings } = run.rehearsal;
  const around = await gatherSurroundings(client, { namespace: run.namespace, name: run.actionName, uid: run.actionUid });
  const { action, requester, policies } = around;
  if (action.metadata.generation !== run.generation)
    throw forbidden('ActionEdited', 'the action was edited while it was rehearsed');
  const effects: Effect[] = found.effects.map((effect, index) => ({ ...effect, index }));
  const { effects: shown, parts } = placeChanges(await keepDiffs(dataHandling(policies), effects));
  const job = {
    stage: 'run',
    attempt: 1,
    plan: undefined,
    action,
    playbook: playbook.spec,
    policies,
    plannedSeconds: undefined,
  } as const;
  const draft = await draftPlan({
    action,
    requester,
    policies,
    playbook,
    trust: trustNow(around, run.rehearsal),
    attempt,
    effects: found.effects.map((effect, index) => ({ ...shortenForRules(effect), index })),
    shown,
    parts,
    reads: found.reads,
    notObservable: found.notObservable,
    budgets: await readBudgets(listBudgets(client), effects),
    template: templateDigest(renderJob(job, settings)),
    undone: found.undone === 'incomplete' ? undefined : found.undone,
    amends: amendsOf(run.rehearsal, found.replayed),
  });
  const dryRun = action.spec.mode === 'DryRun' ? { dryRun: true as const } : {};
  return { draft, policies, ...dryRun, ...(parts.length > 0 ? { parts } : {}) };
}

// A plan that knows a part of the effects would say that all is undone. It is sealed when the operator asks, which need not be at the end.
function undoneBy({ undoing, recording: { undone } }: Run): Found['undone'] {
  if (!undoing) return undefined;
  const { all, undoes, unchanged, left } = undone;
  const known = new Set([...undoes, ...unchanged, ...left.map(({ effect }) => effect)]);
  if (!all?.every((index) => known.has(index))) return 'incomplete';
  return {
    undoes: [...undoes],
    ...(unchanged.length === 0 ? {} : { unchanged: [...unchanged] }),
    ...(left.length === 0 ? {} : { left: [...left] }),
  };
}

function amendsOf({ amends }: Rehearsal, replayed: Replayed | undefined): DraftFacts['amends'] {
  if (!amends) return undefined;
  const { action, write } = amends;
  const { plan, refused, why, round } = write;
  const effect = replayed && 'effect' in replayed ? { effect: replayed.effect } : {};
  return { action, plan, round: round + 1, refused, why, ...effect };
}

function trustNow({ action, live, keys, policies }: Surroundings, { playbook }: Rehearsal) {
  if (isAdHoc(action.spec)) return UNTRUSTED_STEPS;
  return live && playbookDigest(live) === playbookDigest(playbook)
    ? trustOf(live, keys, policies)
    : { trusted: false as const, why: 'it changed while it was rehearsed' };
}

/** The digest by which a plan names its recording. */
export const recordingDigest = (recording: SealedRecording): string => digestOf(recording);
