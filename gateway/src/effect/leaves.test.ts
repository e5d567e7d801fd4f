import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compared } from '../object/normalize.ts';
import { setAt, valueAt } from '../object/pointer.ts';
import type { ParsedRequest } from '../request/parse.ts';
import { changeDigest, changesBetween } from './change.ts';
import { describeEffect } from './describe.ts';
import { type Example, examples, leavesOf } from './leaves.fixture.ts';
import { asRequested } from './ownership.ts';
import { request } from './request.fixture.ts';

// Every field that persists is part of the change: each leaf of a full object, changed alone, must show in the plan and in its digest.

const changed = (value: unknown) => {
  if (typeof value === 'boolean') return !value;
  return typeof value === 'number' ? value + 1 : `${value}x`;
};

function with1(example: Example, path: string): object {
  const copy = structuredClone(example.object);
  setAt(copy, path, changed(valueAt(copy, path)));
  return copy;
}

function asked({ group, resource, kind, hasStatus, version }: Example, verb: string, body: object): ParsedRequest {
  return request(
    { verb, apiGroup: group, resource },
    {
      base: resource,
      version,
      info: { kind, namespaced: true, verbs: [verb], hasStatus },
      body: Buffer.from(JSON.stringify(body)),
    },
  );
}

/** What the plan says of a write whose result is its body, as a server answers that assigns nothing. */
function seen(example: Example, verb: string, live: unknown, body: object) {
  const write = asked(example, verb, body);
  const { before, after } = compared(write, live, body);
  const changes = asRequested(write, changesBetween(before, after));
  const { changeDigest: digest, ...shown } = describeEffect(write, { name: 'x', uid: 'u', changes, live, result: body });
  assert.equal(digest, changeDigest(changes));
  return { shown: JSON.stringify(shown), digest, change: shown.change, hiddenChanges: shown.hiddenChanges };
}

for (const example of examples) {
  const title = `Each leaf of a ${example.kind} ${example.hasStatus ? 'with' : 'without'} a status subresource, changed alone,`;
  describe(title, () => {
    const leaves = leavesOf(example.object);
    const isStatus = (path: string) => example.hasStatus && path.startsWith('/status/');

    it('is all of the change of an update', () => {
      for (const path of leaves) {
        const body = with1(example, path);
        const { shown, digest } = seen(example, 'update', example.object, body);
        const same = seen(example, 'update', example.object, structuredClone(example.object));
        if (isStatus(path)) assert.equal(digest, same.digest, `${path} is not written`);
        else {
          assert.notEqual(digest, same.digest, path);
          assert.ok(shown.includes(`"path":"${path}"`), `${path} is not shown: ${shown}`);
        }
      }
    });

    it('makes another create of it', () => {
      const base = seen(example, 'create', undefined, example.object);
      for (const path of leaves) {
        const one = seen(example, 'create', undefined, with1(example, path));
        if (isStatus(path)) assert.equal(one.digest, base.digest, `${path} is not written`);
        else {
          assert.notEqual(one.digest, base.digest, path);
          const isHidden = (one.change ?? []).some((field) => field.redacted && path.startsWith(field.path));
          assert.ok(one.shown !== base.shown || (one.hiddenChanges ?? 0) > 0 || isHidden, `${path} is not shown`);
        }
      }
    });
  });
}
