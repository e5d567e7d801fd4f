import assert from 'node:assert/strict';
import { afterEach, describe, it, mock } from 'node:test';
import { namespaceLabels } from '@sentinel/crds';
import { aConfigMapEffect, anEffect, aScaling } from '@sentinel/policy/testing';
import { ApprovedRun, adHoc, alone, DIGEST, lenient, type More, minutes, NOW, paths, ref } from './approved-run.fixture.ts';
import { gatherFacts } from './gather-facts.ts';
import { judgeObserved, startRefusal } from './permission.ts';

const gathered = async (of: ApprovedRun) =>
  await gatherFacts(of.client, ref, { plan: of.plan, digest: DIGEST, recordedAt: minutes(-30) }, NOW);

describe('A start', () => {
  const freeze = [{ schedule: '0 12 1 1 *', duration: '1h', reason: 'new year' }];
  afterEach(() => mock.timers.reset());
  const refusal = async (more: More, now: number) => {
    mock.timers.enable({ apis: ['Date'], now });
    return startRefusal(await gathered(new ApprovedRun(more)));
  };
  const frozen = { floor: { ...lenient, freeze } };
  it('is refused while a freeze holds', async () =>
    assert.equal(await refusal(frozen, minutes(30)), 'new year (ClusterAgentPolicy/floor: freeze[0])'));
  it('is not refused after it', async () => assert.equal(await refusal(frozen, minutes(90)), undefined));
  it('is not refused without one', async () => assert.equal(await refusal({}, minutes(30)), undefined));
});

describe('An observed write', () => {
  /** A write of a low risk. */
  const label = anEffect({ change: [{ path: '/metadata/labels/team', after: '"x"' }] });
  const reasons = async (more: More, effect = label) =>
    judgeObserved(await gathered(new ApprovedRun({ ...alone, ...more })), effect);
  const none = 'no policy lets a plan of this risk start without one';

  it('needs no person if policy lets a plan of its risk start', async () => assert.deepEqual(await reasons({}), []));

  it('needs a person where every plan does', async () =>
    assert.deepEqual(await reasons({ floor: { ...lenient, approvals: [{ upToRisk: 'Critical', approvals: 1 }] } }), [none]));

  it('needs a person if policies refuse it', async () =>
    assert.deepEqual(await reasons({}, aConfigMapEffect({ change: label.change })), [
      "patch configmaps in namespace 'shop' is denied: no rule allows it",
      "patch configmaps 'settings' needs a person by the rules about the Kubernetes API",
    ]));

  it('needs a person for what the Playbook is not', async () => {
    const facts = await gathered(new ApprovedRun(alone));
    const without = { ...facts, facts: { ...facts.facts, playbook: undefined } };
    assert.deepEqual(judgeObserved(without, label), ['the Playbook is gone']);
  });

  // The only line is for a low risk, so that the refusal names each higher one.
  const low = (more: object = {}) => ({ ...lenient, approvals: [{ upToRisk: 'Low', autoReview: true }], ...more });
  const risk = (found: readonly string[]) => /covers the risk '(\w+)'/.exec(found[0] ?? '')?.[1] ?? 'Low';
  const playbooks = { adHocSteps: 'Allow' };
  const highRisk = [{ apiGroups: ['apps'], resources: ['deployments'], raiseTo: 'Critical' }];
  const rows: readonly [what: string, more: More, level: string][] = [
    ['nothing else', { floor: low() }, 'Low'],
    ['a difference from what was announced', { floor: low(), plan: { ...alone.plan, undeclared: ['x'] } }, 'Medium'],
    ['what a rehearsal cannot observe', { floor: low(), plan: { ...alone.plan, notObservable: ['x'] } }, 'Medium'],
    ['a rule about high risk', { floor: low({ highRisk }) }, 'Critical'],
    ['ad-hoc steps', { floor: low({ playbooks }), spec: adHoc }, 'Medium'],
  ];
  for (const [what, more, level] of rows)
    it(`has a ${level} risk with ${what}`, async () => {
      const found = await reasons(more);
      assert.equal(risk(found), level);
      assert.equal(found.at(-1), level === 'Low' ? undefined : none);
    });

  it('has its own risk', async () => assert.equal(risk(await reasons({ floor: low() }, aScaling())), 'Medium'));

  it('has a High risk in production', async () => {
    const of = new ApprovedRun({ ...alone, floor: low() });
    of.change(paths.namespace, ({ metadata }) => Object.assign(metadata.labels, { [namespaceLabels.environment]: 'production' }));
    assert.equal(risk(judgeObserved(await gathered(of), label)), 'High');
  });

  it('has at least the risk of its Playbook', async () => {
    const found = await gathered(new ApprovedRun({ ...alone, floor: low() }));
    const { playbook } = found.facts;
    assert.ok(playbook);
    const risky = { ...playbook, spec: { ...playbook.spec, risk: { floor: 'High' as const } } };
    assert.equal(risk(judgeObserved({ ...found, facts: { ...found.facts, playbook: risky } }, label)), 'High');
  });
});
