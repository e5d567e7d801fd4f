// The steps of an action that change something, one verb a file; each folder holds those of one stage of its life.
export { endAsDecided } from './end/end.ts';
export { makeRoom } from './end/make-room.ts';
export { noteUndone } from './end/note-undone.ts';
export { removeActionFinalizer } from './end/remove-finalizer.ts';
export { deleteRetired, retire } from './end/retire.ts';
export { stateEnd } from './end/state-end.ts';
export { deleteOrphans } from './jobs/delete-orphans.ts';
export { releaseRecorded } from './jobs/release-recorded.ts';
export { startJob } from './jobs/start-job.ts';
export { stopJob } from './jobs/stop-job.ts';
export { abandon } from './outcome/abandon.ts';
export { failVerification } from './outcome/fail-verification.ts';
export { readOutcome } from './outcome/read-outcome.ts';
export { resolve } from './outcome/resolve.ts';
export { rollBack } from './outcome/roll-back.ts';
export { noteApprovers, unmetOf } from './plan/note-approvers.ts';
export { noteDecisions, recordDecisions } from './review/note-decisions.ts';
export { resume } from './review/suspend.ts';
