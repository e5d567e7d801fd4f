import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { admin } from '../lib/cluster.ts';
import { makeTenant, type Tenant } from '../lib/tenant.ts';

// Which identities a floor accepts. It applies to one agent alone, so that it is nobody else's.

describe('A ClusterAgentPolicy that says which identities it accepts', { concurrency: false }, () => {
  let tenant: Tenant;
  before(async () => {
    tenant = await makeTenant('identity');
    await tenant.deploy('web');
  });
  after(() => admin.kubectl(['delete', 'clusteragentpolicy', tenant.namespace, '--ignore-not-found']));

  const accept = (identity: object) =>
    admin.apply(
      JSON.stringify({
        apiVersion: 'sentinel.dev/v1alpha1',
        kind: 'ClusterAgentPolicy',
        metadata: { name: tenant.namespace },
        spec: {
          subjects: [{ kind: 'ServiceAccount', name: 'repair-agent', namespace: tenant.namespace }],
          modes: ['DryRun', 'Apply'],
          identity,
        },
      }),
    );
  const file = () => tenant.file('set-image', { deployment: 'web', container: 'web', image: tenant.image });

  it('takes no action of an agent whose token is bound to no pod, where it asks for that', async () => {
    await accept({ agents: { claims: [{ name: 'authentication.kubernetes.io/pod-name' }] } });
    await assert.rejects(
      file(),
      /may not create actions: the claim 'authentication\.kubernetes\.io\/pod-name' is missing \(ClusterAgentPolicy\/[a-z0-9-]+: identity\.agents\.claims\)/,
    );
  });

  it('takes none of a group that it refuses', async () => {
    await accept({ agents: { refuseGroups: [`system:serviceaccounts:${tenant.namespace}`] } });
    await assert.rejects(file(), /members of 'system:serviceaccounts:[a-z0-9-]+' are refused/);
  });

  it('takes approvals of those alone whose token says what it asks for', async () => {
    await accept({ approverClaims: [{ name: 'authentication.kubernetes.io/credential-id', values: ['nobody'] }] });
    const name = await file();
    await tenant.until(name, ['AwaitingApproval']);
    const refused = await tenant.decide(tenant.approver, name, 'approve');
    assert.match(
      refused.stderr,
      /policy does not accept your identity .*'authentication\.kubernetes\.io\/credential-id' must be one of nobody/,
    );
    await accept({ approverClaims: [{ name: 'authentication.kubernetes.io/credential-id' }] });
    const taken = await tenant.decide(tenant.approver, name, 'approve');
    assert.equal(taken.code, 0, taken.stderr);
    await tenant.until(name, ['Succeeded']);
  });
});
