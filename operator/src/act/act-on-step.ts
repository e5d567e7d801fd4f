import { ROOM_AFTER_RESOLUTION } from '../decide/resolution.ts';
import type { NextStep } from '../decide/step.ts';
import { enter, stateOf } from '../status/conditions.ts';
import type { ActContext, Pass } from './context.ts';
import {
  abandon,
  deleteRetired,
  endAsDecided,
  failVerification,
  noteApprovers,
  noteDecisions,
  noteUndone,
  readOutcome,
  recordDecisions,
  releaseRecorded,
  removeActionFinalizer,
  resolve,
  resume,
  retire,
  rollBack,
  startJob,
  stopJob,
  unmetOf,
} from './index.ts';
import { startOver } from './start-over.ts';

type Step<K extends NextStep['kind']> = Extract<NextStep, { readonly kind: K }>;
type Steps = { readonly [K in NextStep['kind']]: (context: ActContext, pass: Pass, step: Step<K>) => unknown };

/** What carries out each step that `decide/` can decide on. */
const steps: Steps = {
  StartJob: (context, pass, { tally, stage }) => {
    if (tally) noteDecisions(pass, tally);
    return startJob(context, pass, stage);
  },
  ReleaseJob: releaseRecorded,
  ReadOutcome: (context, pass, { stage }) => readOutcome(context, pass, stage),
  StopJob: (context, pass, { evidence }) => stopJob(context, pass, evidence),
  FailVerification: (_, pass, { why }) => failVerification(pass, why),
  NoteResolutions: (_, pass, { tally }) => recordDecisions(pass, tally, ROOM_AFTER_RESOLUTION),
  Resolve: (context, pass, { tally }) => {
    recordDecisions(pass, tally, ROOM_AFTER_RESOLUTION);
    return resolve(context, pass);
  },
  Abandon: (context, pass, { why }) => abandon(context, pass, why),
  BeginRollback: (_, { draft, now }, { why }) => enter(draft, 'RollingBack', why, now),
  RollBack: rollBack,
  NoteDecisions: (context, pass, { tally, suspendedBy }) => {
    noteDecisions(pass, tally, suspendedBy);
    return sayWhoIsMissing(context, pass);
  },
  Resume: (_, pass, { tally }) => {
    noteDecisions(pass, tally);
    resume(pass);
  },
  StartOver: (_, pass) => startOver(pass),
  End: (_, pass, step) => {
    if (step.tally) noteDecisions(pass, step.tally);
    return endAsDecided(pass, step);
  },
  NoteUndone: (_, pass) => noteUndone(pass),
  Retire: (_, pass) => retire(pass),
  Delete: (context, pass) => {
    pass.afterwards.push(() => deleteRetired(context, pass));
  },
  RemoveFinalizer: (context, pass, { missing }) => {
    pass.afterwards.push(() => removeActionFinalizer(context, pass, missing));
  },
  Wait: (_, pass, step) => wait(pass, step),
  LookAgainLive: () => undefined,
};

/** Carries out the next step of an action: changes its draft, and does what the step is named for. */
export async function actOnStep<K extends NextStep['kind']>(context: ActContext, pass: Pass, step: Step<K>): Promise<void> {
  const act = steps[step.kind] as (context: ActContext, pass: Pass, step: Step<K>) => unknown;
  await act(context, pass, step);
}

function wait(pass: Pass, { queued, tally, why, state }: Step<'Wait'>): void {
  if (queued) pass.draft.queuedAt ??= new Date(pass.now).toISOString();
  else delete pass.draft.queuedAt;
  // Approved, but held by something that an admin must know about: the status says what it is.
  if (tally) noteDecisions(pass, tally);
  if (why !== undefined) enter(pass.draft, state ?? 'Starting', why, pass.now);
}

// If nobody can approve, the message of the state says so as well, while it waits for approval.
async function sayWhoIsMissing(context: ActContext, pass: Pass): Promise<void> {
  const { draft, action, now } = pass;
  await noteApprovers(context, pass);
  if (stateOf(draft) !== 'AwaitingApproval' || draft.required?.unmet === action.status?.required?.unmet) return;
  enter(
    draft,
    'AwaitingApproval',
    `the plan waits for approval: kubectl sentinel plan ${action.metadata.name} -n ${action.metadata.namespace ?? ''}${unmetOf(draft)}`,
    now,
  );
}
