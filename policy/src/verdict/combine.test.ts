import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Decision } from '@sentinel/crds';
import { combine } from './combine.ts';
import type { Opinion } from './verdict.ts';

const opinion = (policy: string, decision: Decision, rule = 'commands[0]'): Opinion => ({
  decision,
  policy,
  rule,
  message: `${policy} says ${decision}`,
});
const silent = opinion('Sentinel', 'Deny', 'default');
const [allow, ask, deny] = [opinion('a', 'Allow'), opinion('b', 'RequireApproval'), opinion('c', 'Deny')];

describe('Opinions of several policies', () => {
  it('come to the default if no policy has one', () => assert.equal(combine([], silent), silent));

  it('come to the strictest, in any order', () => {
    for (const opinions of [
      [allow, ask, deny],
      [deny, ask, allow],
      [ask, deny, allow],
      [ask, allow, deny],
    ])
      assert.equal(combine(opinions, silent), deny);
    assert.equal(combine([allow, ask], silent), ask);
    assert.equal(combine([ask, allow], silent), ask);
  });

  it('come to the first of equals', () => {
    const [first, second] = [opinion('x', 'Deny'), opinion('y', 'Deny')];
    assert.equal(combine([first, second], silent), first);
    assert.equal(combine([second, first], silent), second);
    assert.equal(combine([ask, opinion('z', 'RequireApproval')], silent), ask);
  });

  it('come to a single one as it is', () => {
    for (const one of [allow, ask, deny]) assert.equal(combine([one], silent), one);
  });

  it('name all who allow, so that nobody has to guess which entry let it pass', () =>
    assert.deepEqual(combine([allow, opinion('d', 'Allow', 'commands[3]'), opinion('e', 'Allow', 'default')], silent), {
      ...allow,
      message: 'a says Allow, also by d (commands[3]), e (default)',
    }));
});
