import assert from 'node:assert/strict';
import { afterEach, describe, it, mock } from 'node:test';
import { annotations, namespaceLabels } from '@sentinel/crds';
import { aScaling } from '@sentinel/policy/testing';
import { ApprovedRun, alone, decision, lenient, minutes, paths } from './approved-run.fixture.ts';
import { Permission } from './permission.ts';

const permissionOf = ({ client }: ApprovedRun, suspendedBy: readonly string[] = []) => new Permission(client, () => suspendedBy);
const refusalOf = (of: ApprovedRun, effect = aScaling()) => permissionOf(of).refusal(of.run(), effect);
const floorOf = (of: ApprovedRun) => {
  let spec: object = {};
  of.change(paths.floor, (object) => {
    spec = { ...(object.spec as object) };
  });
  return spec;
};
const stage = (of: ApprovedRun, change: (stages: Record<string, unknown>[]) => unknown) =>
  of.change(paths.action, ({ status }) => void change(status?.stages ?? []));

describe('The next write of a run', () => {
  it('may be sent as long as the approval holds', async () => {
    const of = new ApprovedRun();
    for (const effect of [aScaling(), undefined]) assert.equal(await permissionOf(of).refusal(of.run(), effect), undefined);
  });

  const approvals = (more: object) => (of: ApprovedRun) =>
    of.change(paths.action, ({ metadata }) => Object.assign(metadata.annotations, { [annotations.approvals]: decision(more) }));
  const action = (fields: object) => (of: ApprovedRun) =>
    of.change(paths.action, ({ metadata }) => Object.assign(metadata, fields));
  const lacking = /^the plan does not have the approvals that policy requires now$/;
  const ended = /^the run has ended$/;
  const rows: readonly [what: string, change: (of: ApprovedRun) => void, why: RegExp][] = [
    ['the action is gone', ({ api }) => api.remove(paths.action), /^the action of the run is gone$/],
    ['the action is being deleted', action({ deletionTimestamp: 'x' }), /^the action is being deleted$/],
    [
      'the action was cancelled',
      (of) => of.change(paths.action, ({ spec }) => Object.assign(spec, { cancelled: true })),
      /^the action was cancelled$/,
    ],
    ['the stage has ended', (of) => stage(of, ([one]) => Object.assign(one ?? {}, { outcome: 'Succeeded' })), ended],
    ['the stage is that of another Job', (of) => stage(of, ([one]) => Object.assign(one ?? {}, { uid: 'job-2' })), ended],
    ['there is no stage', (of) => stage(of, (stages) => stages.splice(0)), ended],
    ['the status has no stages', (of) => of.change(paths.action, (object) => Object.assign(object, { status: {} })), ended],
    ['there is no status', (of) => of.change(paths.action, (object) => Object.assign(object, { status: undefined })), ended],
    [
      'a policy denies it now',
      (of) => of.change(paths.floor, ({ spec }) => Object.assign(spec, { kubernetes: [] })),
      /^policy is stricter now: /,
    ],
    [
      'the kill switch is on',
      (of) => of.change(paths.policy, ({ spec }) => Object.assign(spec, { suspended: true })),
      /the kill switch is on/,
    ],
    [
      'the environment changed',
      (of) =>
        of.change(paths.namespace, ({ metadata }) => Object.assign(metadata.labels, { [namespaceLabels.environment]: 'x' })),
      /^the environment of the namespace changed from 'staging' to 'x'/,
    ],
    ['the Playbook is gone', ({ api }) => api.remove(paths.playbook), /^the Playbook changed after the action was admitted/],
    [
      'the requester may not use the account any more',
      ({ api }) => {
        api.review = () => ({ allowed: false });
      },
      /the requester needs the verb 'use' on accounts.sentinel.dev\/remediator/,
    ],
    ['the approval is missing', action({ annotations: { [annotations.requestedBy]: '{"user":"agent","groups":[]}' } }), lacking],
    ['the approval is for another plan', approvals({ plan: `sha256:${'2'.repeat(64)}` }), lacking],
    ['the approval had expired when the run was claimed', approvals({ time: new Date(minutes(-61)).toISOString() }), lacking],
    ['the approval was revoked', approvals({ decision: 'revoke' }), lacking],
    [
      'a kill switch was turned off after the approval',
      (of) => of.note({ 'AgentPolicy.shop.own': new Date(minutes(-5)).toISOString() }),
      lacking,
    ],
    [
      'the policies cannot be read',
      (of) => {
        of.fault = ({ path }) => (path.endsWith('/clusteragentpolicies') ? 500 : undefined);
      },
      /^the policies could not be fetched \(.*injected 500.*\)$/,
    ],
  ];
  for (const [what, change, why] of rows)
    it(`is refused when ${what}`, async () => {
      const of = new ApprovedRun();
      change(of);
      assert.match((await refusalOf(of)) ?? 'sent', why);
    });

  it('is refused when its parent has ended', async () => {
    const of = new ApprovedRun({ spec: { intent: { summary: 's', parentAction: 'whole' } } });
    const refusal = () => permissionOf(of).refusal(of.run({ parent: 'uid-whole' }), aScaling());
    of.putParent();
    assert.equal(await refusal(), undefined);
    of.putParent({ cancelled: true });
    assert.equal(await refusal(), "its parent action 'whole' was cancelled");
    of.putParent({ mode: 'DryRun' });
    assert.equal(await refusal(), "its parent action 'whole' is a DryRun now");
  });

  it('is refused in a run without a plan', async () => {
    const of = new ApprovedRun();
    const refusal = await permissionOf(of).refusal({ ...of.run(), enforcement: undefined }, aScaling());
    assert.match(refusal ?? '', /^the policies could not be fetched \(Error: a run without a plan has no facts\)$/);
  });

  it('is judged by the risk that the gateway computed, if that is higher than that of the plan', async () => {
    const of = new ApprovedRun({
      floor: {
        ...lenient,
        approvals: [
          { upToRisk: 'Low', approvals: 1 },
          { upToRisk: 'Critical', approvals: 2 },
        ],
      },
    });
    const refusal = (risk: 'Low' | 'High') => permissionOf(of).refusal(of.run({ risk }), aScaling());
    assert.equal(await refusal('Low'), undefined);
    assert.match((await refusal('High')) ?? '', /^the plan does not have the approvals/);
  });

  it('keeps a long error short', async () => {
    const of = new ApprovedRun();
    of.api.review = () => {
      throw new Error('x'.repeat(1000));
    };
    const refusal = await refusalOf(of);
    assert.equal(refusal?.length, 'the policies could not be fetched ()'.length + 200);
  });
});

describe('The next write of a run that no person approved', () => {
  it('may be sent if policy lets such a write start without one', async () => {
    const of = new ApprovedRun(alone);
    assert.equal(await refusalOf(of), undefined);
    assert.equal(await permissionOf(of).refusal(of.run(), undefined), undefined);
  });

  it('is refused if what is observed needs a person, at most four reasons of which are named', async () => {
    const of = new ApprovedRun(alone);
    const [, reasons = ''] = ((await refusalOf(of, hidden)) ?? '').split('it needs the approval of a person: ');
    assert.deepEqual(reasons.split('; '), [
      "patch deployments 'web' cannot be rolled back",
      "patch deployments 'web': a field that by its name is a credential",
      "patch deployments 'web' changes more than is shown",
      "patch deployments 'web' changes more than its plan has room for",
    ]);
  });

  it('may be sent whatever it is once a person has approved the plan', async () => {
    const of = new ApprovedRun();
    assert.equal(await refusalOf(of, hidden), undefined);
  });
});

/** A write with more than four reasons for a person. */
const hidden = aScaling({
  reversible: false,
  hiddenChanges: 1,
  change: [{ path: '/spec/replicas', after: '2', redacted: true }],
  origin: 'Declared',
  more: { fields: 2, part: 1 },
});

describe('What a permission reads', () => {
  afterEach(() => mock.reset());

  it('is read again for each write', async () => {
    const of = new ApprovedRun();
    const permission = permissionOf(of);
    for (const run of [of.run(), of.run(), { ...of.run(), jobUid: 'job-2' }]) {
      const before = of.requests.length;
      await permission.refusal(run, aScaling());
      assert.ok(of.requests.length > before);
    }
  });

  it('is never older than the write: 1,000 policy edits, each seen by the write that comes after it', async () => {
    const of = new ApprovedRun();
    const permission = permissionOf(of);
    const [allows, denies] = [floorOf(of), { ...floorOf(of), kubernetes: [] }];
    const others: Promise<unknown>[] = [];
    const older: number[] = [];
    for (let edit = 0; edit < 1_000; edit += 1) {
      const isDenied = edit % 2 === 0;
      of.change(paths.floor, (object) => Object.assign(object, { spec: isDenied ? denies : allows }));
      // The edit is accepted now. Readings of earlier writes are still under way.
      const refusal = permission.refusal(of.run(), aScaling());
      if (edit % 3 === 0) others.push(refusal);
      else if (isDenied !== /^policy is stricter now/.test((await refusal) ?? '')) older.push(edit);
    }
    await Promise.all(others);
    assert.deepEqual(older, []);
  });

  it('is shared by writes at the same time', async () => {
    const of = new ApprovedRun();
    const permission = permissionOf(of);
    const [first, second] = await Promise.all([permission.refusal(of.run(), undefined), permission.refusal(of.run(), undefined)]);
    assert.deepEqual([first, second], [undefined, undefined]);
    assert.equal(of.requests.filter(({ path }) => path === paths.action).length, 1);
  });
});

describe('A run', () => {
  const ending = (of: ApprovedRun, suspendedBy?: readonly string[]) => permissionOf(of, suspendedBy).ending(of.run());
  it('goes on', async () => assert.equal(await ending(new ApprovedRun()), undefined));

  it('ends at once when a kill switch is on, without asking the API server', async () => {
    const of = new ApprovedRun();
    const by = ['AgentPolicy/own', 'ClusterAgentPolicy/floor'];
    assert.equal(await ending(of, by), 'suspended by AgentPolicy/own, ClusterAgentPolicy/floor');
    assert.deepEqual(of.requests, []);
  });

  const rows: readonly [what: string, change: (of: ApprovedRun) => void, why: RegExp][] = [
    ['its action is gone', ({ api }) => api.remove(paths.action), /^the action of the run is gone$/],
    [
      'another action has its name',
      (of) => of.change(paths.action, ({ metadata }) => Object.assign(metadata, { uid: 'other' })),
      /^the action of the run is gone$/,
    ],
    [
      'its action is being deleted',
      (of) => of.change(paths.action, ({ metadata }) => Object.assign(metadata, { deletionTimestamp: 'x' })),
      /^the action is being deleted$/,
    ],
    [
      'its action was cancelled',
      (of) => of.change(paths.action, ({ spec }) => Object.assign(spec, { cancelled: true })),
      /^the action was cancelled$/,
    ],
    [
      'its action cannot be read',
      (of) => {
        of.fault = () => 500;
      },
      /^the action could not be fetched \(.*injected 500.*\)$/,
    ],
  ];
  for (const [what, change, why] of rows)
    it(`ends when ${what}`, async () => {
      const of = new ApprovedRun();
      change(of);
      assert.match((await ending(of)) ?? 'it goes on', why);
    });

  it('ends with a short sentence when the error is long', async () => {
    const of = new ApprovedRun();
    const permission = new Permission(of.client, () => {
      throw new Error('x'.repeat(1000));
    });
    assert.equal((await permission.ending(of.run()))?.length, 'the action could not be fetched ()'.length + 200);
  });
});
