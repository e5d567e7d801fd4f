import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AgentPolicy } from '@sentinel/crds';
import { readPolicy } from './compile.ts';
import { policySet } from './load.ts';

const policy = (spec: unknown, kind = 'AgentPolicy'): AgentPolicy => ({
  apiVersion: 'sentinel.dev/v1alpha1',
  kind: kind as 'AgentPolicy',
  metadata: { name: 'p', namespace: 'shop' },
  spec: spec as AgentPolicy['spec'],
});

describe('A policy that is read', () => {
  const rows: [name: string, spec: unknown, faults: RegExp[]][] = [
    ['is good when it is empty', {}, []],
    [
      'names an example that fails',
      { commands: [{ prefix: ['kubectl', 'delete'], decision: 'Deny', match: ['kubectl get pods'] }] },
      [/^`commands\[0\]\.match\[0\]`.*kubectl get pods/],
    ],
    [
      'names an empty alternative',
      { commands: [{ prefix: ['kubectl', 'get||x'], decision: 'Allow' }] },
      [/commands\[0\]\.prefix\[1\]/],
    ],
    ['names a pattern of hosts', { network: { allow: ['*.com'] } }, [/`network\.allow\[0\]`.*public suffix/]],
    [
      'names a pattern of repositories',
      { repositories: { allow: ['github.com/acme/*', 'shop'], deny: ['https://github.com/acme/secret', 'github.com/acme/'] } },
      [/`repositories\.allow\[1\]`.*'shop' can never match/, /`repositories\.deny\[1\]`.*'github\.com\/acme\/\*\*'/],
    ],
    [
      'names a pattern of files',
      { files: { denyRead: ['**/*.pem', 'secrets/'], protect: ['./deploy/*.pem'] } },
      [/`files\.denyRead\[1\]`.*write 'secrets\/\*\*'/, /`files\.protect\[0\]`.*write 'deploy\/\*\.pem'/],
    ],
    ...['kubernetes', 'highRisk'].flatMap((list): typeof rows => {
      const rules = (apiGroups: string[], resources: string[]) => ({
        [list]: [{ apiGroups, resources, ...(list === 'kubernetes' ? { verbs: ['*'], decision: 'Deny' } : { refuse: true }) }],
      });
      const at = (path: string, message: string) => new RegExp(`^\`${list}\\[0\\]\\.${path}\`: ${message}`);
      const impossible = ['StatefulSet', 'deployments/*', '*/scale', 'pods/', '/pods', 'a/b/c', 'pods log'];
      return [
        [
          `names an API group with a version in ${list}`,
          rules(['apps/v1'], ['x']),
          [at('apiGroups\\[0\\]', 'must be an API group')],
        ],
        [
          `names an API group in upper case in ${list}`,
          rules(['', 'Apps'], ['x']),
          [at('apiGroups\\[1\\]', 'must be an API group')],
        ],
        [`names the group core in ${list}`, rules(['core'], ['pods']), [at('apiGroups\\[0\\]', "there is no API group 'core'")]],
        ...impossible.map((resource): (typeof rows)[number] => [
          `names the resource '${resource}' in ${list}`,
          rules([''], ['pods', resource]),
          [at('resources\\[1\\]', 'must be a resource in lower case')],
        ]),
        [
          `is good with resources that there may be in ${list}`,
          rules(
            ['*', '', 'apps', 'custom.metrics.k8s.io'],
            ['*', 'pods', 'pods/log', 'http_requests', 'pods/http_Requests', 'a-b'],
          ),
          [],
        ],
      ];
    }),
    ['names a freeze', { freeze: [{ schedule: 'x', duration: '1h', reason: 'y' }] }, [/`freeze\[0\]\.schedule`.*five fields/]],
    [
      'names a path',
      { hostExecutables: [{ name: 'git', paths: ['bin/git', '/usr/bin/gut'] }] },
      [/'bin\/git'/, /'\/usr\/bin\/gut'/],
    ],
    ['names what its schema refuses', { modes: ['Force'], limits: { objects: 0 } }, [/`modes\[0\]`/, /`limits\.objects`/]],
    [
      'names a User with a namespace',
      { subjects: [{ kind: 'User', name: 'ada', namespace: 'shop' }] },
      [/`subjects\[0\]\.namespace`.*may only be set/],
    ],
    ['is good with a ServiceAccount of its own namespace', { subjects: [{ kind: 'ServiceAccount', name: 'bot' }] }, []],
    ['is a fault without a spec', undefined, [/``/]],
    ['is a fault as a word', 'everything', [/``/]],
  ];
  for (const [name, spec, faults] of rows) {
    it(name, () => {
      const read = readPolicy(policy(spec));
      assert.equal(read.faults.length, faults.length, read.faults.join('\n'));
      for (const [index, fault] of faults.entries()) assert.match(read.faults[index] ?? '', fault);
      assert.equal(read.spec === undefined, faults.length > 0);
    });
  }

  it('is compiled once for one content, no matter who brings it', () => {
    const spec = () => ({ commands: [{ prefix: ['kubectl', 'get'], decision: 'Allow' }] });
    const [one, other] = [policy(spec()), policy(spec())];
    assert.equal(readPolicy(one).commands, readPolicy(other).commands);
    assert.notEqual(readPolicy(one).commands, readPolicy(policy({ ...spec(), suspended: true })).commands);
  });

  it('counts as the strictest reading when it has faults, and says the first', () => {
    const namespace = { metadata: { name: 'shop', labels: { 'sentinel.dev/enabled': 'true' } } };
    const set = policySet(
      { namespace, clusterPolicies: [], policies: [policy({ network: { allow: ['*'] } })] },
      { user: 'a', groups: [] },
    );
    assert.match(
      set.refusals.map(({ message }) => message).join(),
      /invalid policy: treated as deny-all until it is fixed: `network\.allow\[0\]`/,
    );
  });

  it('counts as the strictest reading when it is a floor for a ServiceAccount of no namespace, no matter who asks', () => {
    const namespace = { metadata: { name: 'shop', labels: { 'sentinel.dev/enabled': 'true' } } };
    const floor = { ...policy({ subjects: [{ kind: 'ServiceAccount', name: 'bot' }] }), kind: 'ClusterAgentPolicy' as const };
    for (const user of ['ada', 'system:serviceaccount:shop:bot']) {
      const set = policySet({ namespace, clusterPolicies: [floor as never], policies: [] }, { user, groups: [] });
      assert.match(
        set.refusals.map(({ message }) => message).join(),
        /deny-all until it is fixed: `subjects\[0\]\.namespace`: must be set for the ServiceAccount 'bot'/,
      );
    }
  });

  it('does not count as the policy that must exist when it only audits', () => {
    const namespace = { metadata: { name: 'shop', labels: { 'sentinel.dev/enabled': 'true' } } };
    const set = policySet({ namespace, clusterPolicies: [], policies: [policy({ auditOnly: true })] }, { user: 'a', groups: [] });
    assert.deepEqual([set.policies.length, set.auditOnly?.length], [0, 1]);
    assert.match(set.refusals.map(({ message }) => message).join(), /no AgentPolicy in namespace/);
  });
});
