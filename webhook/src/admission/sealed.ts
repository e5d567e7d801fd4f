import { isDeepStrictEqual } from 'node:util';
import { annotations } from '@sentinel/crds';
import { parseDecisions, parseStanding, type SealKeys, sealFault } from '@sentinel/policy';
import { type AdmissionRequest, type AdmittedObject, Denied } from './review.ts';

/**
 * Refuses decisions that are written into an action without a seal of Sentinel's. They would count for nothing, and they would take the
 * room that decisions need. Asked after everything that may change the object, so that the policies inside the API server speak first.
 * A dry-run has no seal. Throws Denied.
 */
export async function requireSealedDecisions(request: AdmissionRequest, readKeys: () => Promise<SealKeys>): Promise<void> {
  const before = request.oldObject?.metadata.annotations?.[annotations.approvals] ?? '';
  const after = request.object?.metadata.annotations?.[annotations.approvals] ?? '';
  if (after === before || after === '' || request.dryRun) return;
  const appended = after.startsWith(before) ? after.slice(before.length).replace(/^\n/, '') : after;
  const { records, unreadable } = parseDecisions(appended);
  const keys = await readKeys();
  const fault =
    unreadable > 0 || records.length === 0 ? 'it cannot be parsed' : records.map((one) => sealFault(one, keys)).find(Boolean);
  if (fault !== undefined)
    throw new Denied(
      'DecisionNotSealed',
      `the decision was not sealed by Sentinel's webhook (${fault}), so it would not count: set the annotations ${annotations.decision} and ${annotations.plan} instead, or use kubectl sentinel`,
    );
}

/** The same for standing approvals that are written into a Playbook. Throws Denied. */
export async function requireSealedStanding(request: AdmissionRequest, readKeys: () => Promise<SealKeys>): Promise<void> {
  const before = request.oldObject?.metadata.annotations?.[annotations.standing] ?? '';
  const after = request.object?.metadata.annotations?.[annotations.standing] ?? '';
  if (after === before || after === '' || request.dryRun) return;
  const added = before !== '' && after.startsWith(`${before}\n`) ? after.slice(before.length + 1) : after;
  const records = parseStanding({ metadata: { name: '', annotations: { [annotations.standing]: added } } });
  const keys = await readKeys();
  if (records.length === added.split('\n').length && records.every((record) => sealFault(record, keys) === undefined)) return;
  throw new Denied(
    'DecisionNotSealed',
    "the standing approval was not sealed by Sentinel's webhook, so it would not count: use kubectl sentinel schedules approve",
  );
}

/** Throws Denied if an update changes anything beside these annotations, in which a person asks for a decision. */
export function requireNothingElse(object: AdmittedObject, oldObject: AdmittedObject, asking: readonly string[]): void {
  const rest = (all: Record<string, string> | undefined) =>
    Object.fromEntries(Object.entries(all ?? {}).filter(([key]) => !asking.includes(key)));
  const same =
    isDeepStrictEqual(object.spec, oldObject.spec) &&
    isDeepStrictEqual(object.metadata.labels ?? {}, oldObject.metadata.labels ?? {}) &&
    isDeepStrictEqual(object.metadata.finalizers ?? [], oldObject.metadata.finalizers ?? []) &&
    isDeepStrictEqual(rest(object.metadata.annotations), rest(oldObject.metadata.annotations));
  if (!same) throw new Denied('DecisionNotAlone', 'a decision must be the only change of an update');
}
