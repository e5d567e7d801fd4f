import type { ObservedEffect } from '@sentinel/crds';
import { LAST_APPLIED, MASK, type RecordedChange, UNHIDDEN } from '@sentinel/policy';
import { podsOf } from '../object/pods.ts';
import { isRecord, segmentsOf } from '../object/pointer.ts';
import type { ParsedRequest } from '../request/parse.ts';
import { type Change, changeDigest, changesBetween } from './change.ts';
import { describeDeletion, type FoundDependants, notesOfDeletion } from './deletion.ts';
import { readLastApplied } from './last-applied.ts';
import { notesOf } from './notes.ts';
import { appliedBy } from './ownership.ts';
import { hidesValue, redact } from './redact.ts';
import { deletedClaims, whyIrreversible } from './reversibility.ts';

const PATH_MAX = 1024;
const NOTES = 8;
/** A value in a created object is shown as one up to this length; a longer map is split into its fields. */
const WHOLE = 256;

/** An effect in the memory of the gateway. Values that are hidden because of their name are kept next to the mask (see keepDiffs). */
export type RecordedEffect = Omit<ObservedEffect, 'change'> & { change?: RecordedChange[] | undefined };

/**
 * An effect from the observation of the gateway, with every changed field in full. A value whose name suggests a secret is hidden; the value
 * is kept next to it until policy has decided whether it is shown.
 */
export function describeEffect(
  request: ParsedRequest,
  observed: {
    name: string;
    uid: string | undefined;
    changes: readonly Change[];
    live?: unknown;
    result?: unknown;
    /** The object that a scale belongs to. */
    scaled?: unknown;
    /** The dependants of a deleted object. */
    dependants?: FoundDependants;
  },
  now = Date.now(),
): RecordedEffect {
  const { api, version, info } = request;
  const verb = api.verb as ObservedEffect['verb'];
  const isDelete = verb === 'delete';
  const fields = observed.changes.flatMap(isDelete ? removedFields : byField);
  const change = [...ownership(request, observed.changes), ...fields].flatMap((one) =>
    hidesContent(request, one) ? [withoutContent(one)] : shown(one, isDelete ? { live: observed.live } : observed),
  );
  const deletion = isDelete ? describeDeletion(request, observed.live, observed.dependants) : undefined;
  const pods = podsOf(request, observed);
  const irreversible = whyIrreversible(request, observed);
  const deletesData = deletedClaims(request, observed);
  return {
    verb,
    apiGroup: api.apiGroup,
    version,
    resource: api.resource,
    kind: info.kind,
    ...(api.namespace === undefined ? {} : { namespace: api.namespace }),
    name: observed.name,
    ...(observed.uid === undefined ? {} : { uid: observed.uid }),
    change,
    changeDigest: changeDigest(observed.changes),
    origin: 'Observed',
    reversible: !isDelete && irreversible.length === 0,
    ...(deletion === undefined ? {} : { deletion }),
    ...(deletesData === undefined ? {} : { deletesData }),
    ...(pods === undefined ? {} : { pods }),
    notes: [...irreversible, ...(deletion ? notesOfDeletion(request, deletion) : notesOf(request, observed, now))].slice(
      0,
      NOTES,
    ),
  };
}

// For an apply, the field manager is shown first, and whether it takes fields from others.
function ownership(request: ParsedRequest, changes: readonly Change[]): Change[] {
  const applied = appliedBy(request);
  if (applied === undefined || changes.length === 0) return [];
  return [{ path: '/metadata/managedFields', before: undefined, after: { ...applied, operation: 'Apply' } }];
}

// A created object is shown field by field: as one text it would be cut, which would hide the rest.
function byField(change: Change): Change[] {
  const { path, before, after } = change;
  if (after === undefined && isRecord(before) && holdsCopy(before)) return changesBetween(before, {}, path);
  if (before !== undefined || !isRecord(after) || change.volatile) return [change];
  if (path !== '' && JSON.stringify(after).length <= WHOLE && !holdsCopy(after)) return [change];
  const fields = changesBetween({}, after, path).flatMap(byField);
  return fields.length === 0 ? [change] : fields;
}

// The same for a deleted object.
const removedFields = ({ path, before }: Change): Change[] =>
  byField({ path, before: undefined, after: before }).map((field) => ({ ...field, before: field.after, after: undefined }));

// An approver may have no right to read a Secret, so its values are hidden for any policy.
const hidesContent = ({ api, base }: ParsedRequest, { path }: Change): boolean =>
  api.apiGroup === '' && base === 'secrets' && (/^\/(data|stringData)(\/|$)/.test(path) || path === LAST_APPLIED);

const withoutContent = (change: Change): RecordedChange => ({
  path: change.path.slice(0, PATH_MAX).toWellFormed(),
  ...asJson(withoutValues(change.before), withoutValues(change.after)),
  redacted: true,
  ...(change.path.length > PATH_MAX ? { cut: true } : {}),
});

const withoutValues = (value: unknown): unknown =>
  isRecord(value) ? Object.fromEntries(Object.keys(value).map((key) => [key, MASK])) : value === undefined ? value : MASK;

// The copy of the object by `kubectl apply` is shown separately, even if it is added or removed together with other annotations.
const holdsCopy = (value: object) => JSON.stringify(value).includes(`"${segmentsOf(LAST_APPLIED).at(-1)}":`);

function shown(change: Change, observed: { live?: unknown; result?: unknown }): RecordedChange[] {
  const copy = readLastApplied(change, observed);
  if (!copy) return [asShown(change, change.path, observed.result ?? observed.live)];
  if (copy.differing.length === 0) return [{ path: change.path, repeats: true }];
  return copy.differing.map((one) => asShown(one, one.path.slice(LAST_APPLIED.length), copy.document));
}

function asShown(change: Change, path: string, object: unknown): RecordedChange {
  const kept = (value: unknown) => (hidesValue(path, object, value) ? MASK : redact(value));
  const [before, after] = [kept(change.before), kept(change.after)];
  const redacted = before !== change.before || after !== change.after;
  return {
    path: change.path.slice(0, PATH_MAX).toWellFormed(),
    ...asJson(before, after),
    ...(change.volatile ? { volatile: change.volatile } : {}),
    ...(redacted ? { redacted, [UNHIDDEN]: asJson(change.before, change.after) } : {}),
    ...(change.path.length > PATH_MAX ? { cut: true } : {}),
  };
}

const asJson = (before: unknown, after: unknown) => ({
  ...(before === undefined ? {} : { before: JSON.stringify(before) }),
  ...(after === undefined ? {} : { after: JSON.stringify(after) }),
});
