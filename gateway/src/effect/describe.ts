import type { FieldChange, ObservedEffect } from '@sentinel/crds';
import type { ParsedRequest } from '../request/parse.ts';
import { type Change, changeDigest, changesBetween } from './change.ts';
import { notesOf } from './notes.ts';
import { appliedBy } from './ownership.ts';
import { podsOf } from './pods.ts';
import { isRecord } from './pointer.ts';
import { hidesValue, REDACTED, redact } from './redact.ts';

const SHOWN = 64;
const LENGTH = 2048;
/** A value of an object that is created is shown as one up to this length; a longer map by its fields. */
const WHOLE = 256;

/** An effect as the plan shows it, from what the gateway observed. */
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
  },
  now = Date.now(),
): ObservedEffect {
  const { api, version, info } = request;
  const verb = api.verb as ObservedEffect['verb'];
  const all = [...ownership(request, observed.changes), ...observed.changes.flatMap(byField)].map((change) =>
    shown(change, observed.result),
  );
  const pods = podsOf(request, observed);
  const hidden = Math.max(0, all.length - SHOWN) + all.slice(0, SHOWN).filter(isCut).length;
  return {
    verb,
    apiGroup: api.apiGroup,
    version,
    resource: api.resource,
    kind: info.kind,
    ...(api.namespace === undefined ? {} : { namespace: api.namespace }),
    name: observed.name,
    ...(observed.uid === undefined ? {} : { uid: observed.uid }),
    ...(verb === 'delete' ? {} : { change: all.slice(0, SHOWN) }),
    ...(hidden > 0 ? { hiddenChanges: hidden } : {}),
    changeDigest: changeDigest(observed.changes),
    origin: 'Observed',
    reversible: verb !== 'delete',
    ...(pods === undefined ? {} : { pods }),
    notes: notesOf(request, observed, now),
  };
}

// Of an apply people see first who owns the fields afterwards, and whether they are taken from others.
function ownership(request: ParsedRequest, changes: readonly Change[]): Change[] {
  const applied = appliedBy(request);
  if (applied === undefined || changes.length === 0) return [];
  return [{ path: '/metadata/managedFields', before: undefined, after: { ...applied, operation: 'Apply' } }];
}

// A whole object that comes is shown field by field: as one text it would be cut, and hide what stands behind the cut.
function byField(change: Change): Change[] {
  const { path, before, after } = change;
  if (before !== undefined || !isRecord(after) || change.volatile) return [change];
  if (path !== '' && JSON.stringify(after).length <= WHOLE) return [change];
  const fields = changesBetween({}, after, path).flatMap(byField);
  return fields.length === 0 ? [change] : fields;
}

function shown(change: Change, result: unknown): FieldChange {
  // A switch such as automountServiceAccountToken keeps no secret, and people must see which way it goes.
  const hides = hidesValue(change.path, result) && ![change.before, change.after].every(isSwitch);
  const before = hides ? REDACTED : redact(change.before);
  const after = hides ? REDACTED : redact(change.after);
  const redacted = hides || before !== change.before || after !== change.after;
  return {
    path: change.path.slice(0, 1024).toWellFormed(),
    ...(change.before === undefined ? {} : { before: shorten(JSON.stringify(before)) }),
    ...(change.after === undefined ? {} : { after: shorten(JSON.stringify(after)) }),
    ...(change.volatile ? { volatile: change.volatile } : {}),
    ...(redacted ? { redacted } : {}),
  };
}

const isSwitch = (value: unknown) => value === undefined || typeof value === 'boolean';

const isCut = ({ before, after }: FieldChange) => before?.endsWith('…') || after?.endsWith('…');

// A cut may split a pair of surrogates, and half of one has no canonical form: the plan could never be digested.
const shorten = (text: string) => (text.length <= LENGTH ? text : `${text.slice(0, LENGTH - 1).toWellFormed()}…`);
