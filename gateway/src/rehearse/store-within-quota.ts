import { storedSize } from '@sentinel/kube';
import type { PolicySet } from '@sentinel/policy';
import type { Storage } from '../storage.ts';
import type { SealedRecording } from './sealed-recording-type.ts';

/**
 * The recording in the form that may be stored: complete if it and its plan fit into the quota of the namespace; otherwise without its
 * content, and with the reason. A recording without a plan needs no content.
 */
export function withinQuota(
  recording: SealedRecording,
  policies: PolicySet | undefined,
  storage: Pick<Storage, 'reserve'>,
): SealedRecording {
  if (recording.effects.length === 0) return recording;
  if (!recording.draft || !policies) return withoutContent(recording);
  const full = storage.reserve(policies, recording.action.namespace, bytesToStore(recording));
  return full === undefined ? recording : withoutContent({ ...recording, fault: `there is no room to store it: ${full}` });
}

/** The maximum number of stored bytes: the plan, its parts, and the recording, which is compressed and encoded. */
export const bytesToStore = (recording: SealedRecording): number =>
  storedSize(recording.draft?.plan) +
  (recording.parts ?? []).reduce((sum, part) => sum + storedSize(part), 0) +
  Buffer.byteLength(JSON.stringify(recording));

// One effect stays, without its changes: a recording without any would say that there is nothing to change.
function withoutContent({ effects, draft: _, parts: __, ...recording }: SealedRecording): SealedRecording {
  const first = effects.slice(0, 1).map(({ change: _change, ...effect }) => effect);
  return { ...recording, effects: first, notObservable: [] };
}
