import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readRoles } from '../../tools/rbac/roles.ts';
import { missingRights, rightText, unusedRights } from '../../tools/rbac/usage.ts';
import { chart } from '../lib/chart/release.ts';
import { usesInAuditLog } from '../lib/chart/rights.ts';
import { admin, policyForAnyWrite } from '../lib/cluster.ts';
import { oneStep } from '../lib/one-step.ts';
import { END_STATES, makeTenant, messageOf, stateOf } from '../lib/tenant.ts';

// Runs after other tests and looks at what they made the programs ask: the audit log of the API server says for each request which role
// allowed it. On a cluster where only a few tests ran, rights are unused for that reason alone.

const PROGRAMS = /\/sentinel-(operator|operator-evidence|webhook|gateway|evidence|schedule|lock-probe)$/;

/** Used only after a failure at a moment that no test of `make test` meets, and where this is shown. */
const afterFailures: Readonly<Record<string, string>> = {
  'ClusterRole/sentinel-operator: get actionplanparts.sentinel.dev':
    'The operator ended between storing a part of a plan and the plan: operator/src/act/plan.',
  'Role/sentinel-system/sentinel-operator: list pods':
    'The replica of the gateway that recorded a rehearsal is gone: operator/src/gateway-client.test.ts.',
};

describe('The rights of the programs', { concurrency: false }, () => {
  const roles = readRoles(chart).filter(({ id }) => PROGRAMS.test(id));

  // No other test of `make test` writes an object whose group could be that of a custom resource through the gateway.
  it('suffice to write an object of a group that custom resources may have', async () => {
    const tenant = await makeTenant('rights', {
      policy: policyForAnyWrite(),
      playbooks: oneStep('label', ['kubectl', 'label', 'ingress/web', 'seen=yes']),
    });
    const backend = { service: { name: 'web', port: { number: 80 } } };
    const metadata = { name: 'web', namespace: tenant.namespace };
    const ingress = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata, spec: { defaultBackend: backend } };
    await admin.apply(JSON.stringify(ingress));
    const action = await tenant.until(await tenant.file('label'), ['AwaitingApproval', ...END_STATES]);
    assert.equal(stateOf(action), 'AwaitingApproval', messageOf(action));
  });

  it('are all used', async () => {
    const unused = unusedRights(roles, await usesInAuditLog()).map(rightText);
    assert.deepEqual(
      unused.filter((right) => !(right in afterFailures)),
      [],
      'remove these rights from the chart, or run what uses them first (`make test`)',
    );
  });

  it('are all there: RBAC refused nothing that a program asked for, except where an uninstalled chart would grant it', async () => {
    const uses = await usesInAuditLog();
    // A compromised program is played by kubectl, with the token of the account: that is not what the program itself asks for.
    assert.deepEqual(
      missingRights(
        roles,
        uses.filter(({ agent, user }) => agent !== '' && user.endsWith(`:${agent}`)),
      ),
      [],
    );
  });
});
