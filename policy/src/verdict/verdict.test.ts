import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { policyErrors } from './policy-errors.ts';
import { explain, explainAll, type Refusal } from './verdict.ts';

const refusal = (message: string): Refusal => ({
  code: 'HostNotAllowed',
  policy: 'AgentPolicy/shop',
  rule: 'hosts.deny',
  message,
});
const explained = (message: string) => `${message} (AgentPolicy/shop: hosts.deny). ${policyErrors.HostNotAllowed.next}`;

describe('A refusal in words', () => {
  it('says what, by which rule, and what to do by the catalogue', () =>
    assert.equal(explain(refusal('no such host')), explained('no such host')));

  it('is empty without refusals', () => assert.equal(explainAll([]), ''));

  it('names all refusals in their order', () =>
    assert.equal(
      explainAll([refusal('one'), refusal('two'), refusal('three')]),
      ['one', 'two', 'three'].map(explained).join(' '),
    ));

  it('is cut where it would be too long, and says so, but not before', () => {
    const two = [refusal('one'), refusal('two')];
    const whole = explainAll(two);
    assert.equal(explainAll(two, whole.length), whole);
    const cut = explainAll(two, whole.length - 1);
    assert.equal(cut, `${whole.slice(0, whole.length - 2)}…`);
    assert.equal(cut.length, whole.length - 1);
    assert.equal(explainAll([...two, refusal('three')], 10), `${whole.slice(0, 9)}…`);
    assert.equal(explainAll(Array(100).fill(refusal('x'.repeat(100)))).length, 1800);
  });
});
