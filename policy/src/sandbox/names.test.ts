import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Stage } from '@sentinel/crds';
import { END, GATE, jobName, planName, stepContainer } from './names.ts';

describe('The name of a Job', () => {
  const one: [string, Stage, number, string | undefined] = ['u', 'run', 1, 'sha256:a'];
  it('is the same for the same run, in every process', () => {
    assert.equal(jobName(...one), jobName('u', 'run', 1, 'sha256:a'));
    assert.match(jobName(...one), /^run-[0-9a-f]{16}$/);
  });
  const others: Record<string, typeof one> = {
    'another action': ['v', 'run', 1, 'sha256:a'],
    'another stage': ['u', 'verification', 1, 'sha256:a'],
    'another attempt': ['u', 'run', 2, 'sha256:a'],
    'another plan': ['u', 'run', 1, 'sha256:b'],
    'no plan': ['u', 'run', 1, undefined],
  };
  for (const [name, other] of Object.entries(others)) {
    it(`is another one for ${name}`, () => assert.notEqual(jobName(...one).slice(-16), jobName(...other).slice(-16)));
  }
});

describe('The name of a plan', () => {
  it('is that of its action and attempt alone', () => {
    const names = [planName('a', 1), planName('a', 11), planName('a-1', 1), planName('a-1', 11), planName('a-11', 1)];
    assert.equal(new Set(names).size, names.length);
  });
});

describe('The name of a container', () => {
  const long = 'a'.repeat(57);
  it('is a DNS label, however long that of its step is', () => {
    for (const step of ['x', `${long}-b`, `${'b-'.repeat(31)}b`, 'a'.repeat(63)])
      assert.match(stepContainer(step), /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
  });
  it('is another one for steps that begin alike', () =>
    assert.notEqual(stepContainer(`${long}-one`), stepContainer(`${long}-two`)));
  it('is never that of the gate or the end', () => {
    assert.deepEqual([stepContainer('gate') === GATE, stepContainer('end') === END], [false, false]);
  });
});
