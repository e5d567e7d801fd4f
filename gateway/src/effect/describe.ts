import type { FieldChange, ObservedEffect } from '@sentinel/crds';
import type { ParsedRequest } from '../request/parse.ts';
import { type Change, changeDigest } from './change.ts';

const SHOWN = 64;
const LENGTH = 2048;
const revealing = /(password|passwd|secret|token|credential|api-?key|private-?key|last-applied-configuration)/i;

/** An effect as the plan shows it, from what the gateway observed. */
export function describeEffect(
  request: ParsedRequest,
  observed: { name: string; uid: string | undefined; changes: readonly Change[] },
): ObservedEffect {
  const { api, version, info } = request;
  const verb = api.verb as ObservedEffect['verb'];
  const hidden = Math.max(0, observed.changes.length - SHOWN);
  return {
    verb,
    apiGroup: api.apiGroup,
    version,
    resource: api.resource,
    kind: info.kind,
    ...(api.namespace === undefined ? {} : { namespace: api.namespace }),
    name: observed.name,
    ...(observed.uid === undefined ? {} : { uid: observed.uid }),
    ...(verb === 'delete' ? {} : { change: observed.changes.slice(0, SHOWN).map(shown) }),
    ...(hidden > 0 ? { hiddenChanges: hidden } : {}),
    changeDigest: changeDigest(observed.changes),
    origin: 'Observed',
    reversible: verb !== 'delete',
    notes: notesOf(request, observed.changes),
  };
}

function shown(change: Change): FieldChange {
  const redacted = revealing.test(change.path);
  const text = (value: unknown) => (redacted ? '"<redacted>"' : shorten(JSON.stringify(value)));
  return {
    path: change.path.slice(0, 1024).toWellFormed(),
    ...(change.before === undefined ? {} : { before: text(change.before) }),
    ...(change.after === undefined ? {} : { after: text(change.after) }),
    ...(change.volatile ? { volatile: change.volatile } : {}),
    ...(redacted ? { redacted } : {}),
  };
}

// A cut may split a pair of surrogates, and half of one has no canonical form: the plan could never be digested.
const shorten = (text: string) => (text.length <= LENGTH ? text : `${text.slice(0, LENGTH - 1).toWellFormed()}…`);

function notesOf({ api, base }: ParsedRequest, changes: readonly Change[]): string[] {
  const notes: string[] = [];
  if (api.verb === 'delete') notes.push('What the object owns is deleted with it; a rehearsal can not see that.');
  const template = changes.some(({ path }) => path.startsWith('/spec/template'));
  if (template && ['deployments', 'statefulsets', 'daemonsets'].includes(base))
    notes.push('Its controller replaces the pods; a rehearsal can not see that.');
  return notes;
}
