import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fakeNodeLabel, fakeNodeTaint, fakeNodeToleration, kwokArgs, kwokObjects, kwokUser } from './kwok.ts';

const run = { id: '0a1b2cff', nodes: ['fake-0a1b2cff-0', 'fake-0a1b2cff-1'] };

interface Found {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: { readonly podCIDR: string; readonly taints: readonly unknown[] };
  readonly subjects?: readonly { readonly name: string }[];
  readonly rules?: readonly { readonly resources: string[]; readonly resourceNames?: string[]; readonly verbs: string[] }[];
}

const objects = kwokObjects(run) as Found[];
const ofKind = (kind: string) => objects.filter((object) => object.kind === kind);

describe('The command line of kwok', () => {
  it('selects the nodes of its own run, and never all nodes', () => {
    const args = kwokArgs(run, { kubeconfig: '/k', stages: '/s' });
    assert.ok(args.includes(`--manage-nodes-with-label-selector=${fakeNodeLabel}=0a1b2cff`));
    assert.ok(!args.some((arg) => arg.startsWith('--manage-all-nodes') || arg.startsWith('--manage-single-node')));
    assert.deepEqual(
      args.filter((arg) => /^--(kubeconfig|config)=/.test(arg)),
      ['--kubeconfig=/k', '--config=/s'],
    );
  });
});

describe('The objects of kwok', () => {
  it('are nodes with the taint and with the label that the command line selects', () => {
    const nodes = ofKind('Node');
    assert.deepEqual(
      nodes.map(({ metadata }) => metadata.name),
      run.nodes,
    );
    for (const { metadata, spec } of nodes) {
      assert.equal(metadata.labels?.[fakeNodeLabel], run.id);
      assert.deepEqual(spec?.taints, [fakeNodeTaint]);
    }
    assert.deepEqual(
      [fakeNodeToleration.key, fakeNodeToleration.value],
      [fakeNodeTaint.key, fakeNodeTaint.value],
      'the toleration is for this taint',
    );
  });

  it('are nodes with ranges of their own, out of the range for tests', () => {
    const ranges = ofKind('Node').map(({ spec }) => spec?.podCIDR ?? '');
    assert.deepEqual(ranges, ['198.18.255.0/24', '198.19.0.0/24']);
  });

  it('let kwok write the status and the lease of its own nodes alone', () => {
    const [role] = ofKind('ClusterRole');
    for (const { resources, resourceNames, verbs } of role?.rules ?? assert.fail('no role')) {
      assert.ok(!verbs.includes('*') && !resources.includes('*'));
      if (!verbs.some((verb) => verb === 'patch' || verb === 'update')) continue;
      if (resources.some((resource) => resource === 'nodes/status' || resource === 'leases'))
        assert.deepEqual(resourceNames, run.nodes);
    }
    assert.ok(!role?.rules?.some(({ resources, verbs }) => resources.includes('nodes') && verbs.includes('patch')));
  });

  it('bind these rights to the person of this run', () => {
    const [binding] = ofKind('ClusterRoleBinding');
    assert.deepEqual(
      binding?.subjects?.map(({ name }) => name),
      [kwokUser(run)],
    );
  });
});
