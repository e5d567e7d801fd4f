import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { request } from '../effect/request.fixture.ts';
import { refuseManagedFields } from './body.ts';
import { Refused } from './refused.ts';

const owned = [{ manager: 'kubectl', operation: 'Update', fieldsV1: { 'f:data': {} } }];
const live = { metadata: { name: 'a', managedFields: owned } };
const refusedWith = (status: number) => (error: unknown) => error instanceof Refused && error.status === status;

describe('A request that changes who owns which field', () => {
  const check = (verb: string, contentType: string, value: unknown) =>
    refuseManagedFields(request({ verb }, { contentType }), value, live);
  const merge = 'application/merge-patch+json';
  const json = 'application/json-patch+json';
  const at = '/metadata/managedFields';

  const refused: Record<string, () => void> = {
    'a create': () => check('create', 'application/json', live),
    'a merge patch that empties them': () => check('patch', merge, { metadata: { managedFields: [] } }),
    'a merge patch with those of the live object': () => check('patch', merge, live),
    'an update that empties them': () => check('update', '', { metadata: { managedFields: [{}] } }),
    'an apply': () => check('patch', 'application/apply-patch+yaml', { metadata: { managedFields: [] } }),
    'a JSON patch': () => check('patch', json, [{ op: 'remove', path: at }]),
    'a JSON patch of an entry': () => check('patch', json, [{ op: 'replace', path: `${at}/0/manager`, value: 'x' }]),
    'a JSON patch that moves them': () => check('patch', json, [{ op: 'move', from: at, path: '/x' }]),
    'a JSON patch of all metadata': () => check('patch', json, [{ op: 'replace', path: '/metadata', value: live.metadata }]),
    'a JSON patch of the whole object': () => check('patch', json, [{ op: 'replace', path: '', value: live }]),
    'a JSON patch that copies metadata from elsewhere': () =>
      check('patch', json, [{ op: 'copy', from: '/spec', path: '/metadata' }]),
  };
  for (const [name, run] of Object.entries(refused))
    it(`is refused, with the field and what to do: ${name}`, () =>
      assert.throws(
        run,
        (error) => refusedWith(403)(error) && /'metadata.managedFields' cannot be set.*Leave it out/.test(String(error)),
      ));

  it('is refused in a path that the API server reads otherwise', () =>
    assert.throws(() => check('patch', json, [{ op: 'remove', path: 'x/metadata/managedFields' }]), refusedWith(400)));

  const fine: Record<string, () => void> = {
    'an update with what was read': () => check('update', 'application/json', structuredClone(live)),
    'an update without them': () => check('update', '', { metadata: { name: 'a' } }),
    'null, which the API server takes for nothing': () => check('patch', merge, { metadata: { managedFields: null } }),
    'a patch of other metadata': () => check('patch', merge, { metadata: { labels: { a: 'b' } } }),
    'a JSON patch of a label': () => check('patch', json, [{ op: 'add', path: '/metadata/labels/managedFields', value: 'x' }]),
    'a test in a JSON patch': () => check('patch', json, [{ op: 'test', path: at, value: owned }]),
    'a copy of them to elsewhere': () => check('patch', json, [{ op: 'copy', from: at, path: '/spec/x' }]),
    'metadata that is put in without them': () => check('patch', json, [{ op: 'add', path: '/metadata', value: { name: 'a' } }]),
  };
  for (const [name, run] of Object.entries(fine)) it(`is not: ${name}`, () => assert.doesNotThrow(run));
});
