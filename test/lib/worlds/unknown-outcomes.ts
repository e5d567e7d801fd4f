import assert from 'node:assert/strict';
import { admin, eventually, type Person, person, serviceAccount } from '../cluster.ts';
import { imageOnly } from '../image-only.ts';
import { withMortal } from '../mortal.ts';
import { oneStep } from '../one-step.ts';
import { filersOf, mayFile, policyAbout } from '../people/requester.ts';
import { END_STATES, makeTenant, type Tenant } from '../tenant.ts';

// Four actions whose gateway is killed in the middle of a write, and something keeps the outcome from being found out. Each has the name
// of its Playbook and of its Deployment.

/** The actions, by their later outcome. */
export const names = ['redo-it', 'undo-it', 'keep-it', 'drop-it'] as const;
export type Name = (typeof names)[number];

const playbooks = names
  .map((name) =>
    oneStep(name, ['sh', '-c', `kubectl set image deployment/${name} web=localhost/web:two`], {
      more: `  verify:\n  - {name: there, command: [kubectl, get, deployment, ${name}]}\n`,
    }),
  )
  .join('');

const rights = (ns: string) => `
apiVersion: v1
kind: ServiceAccount
metadata: {name: robot, namespace: ${ns}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: more-approvers, namespace: ${ns}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: sentinel-approver}
subjects:
- {kind: ServiceAccount, name: robot, namespace: ${ns}}
${mayFile('rita', ns)}`;

/** A tenant with these actions. */
export interface UnknownOutcomes {
  readonly tenant: Tenant;
  /** Who filed the actions, and may approve. */
  readonly rita: Person;
  /** A ServiceAccount that holds the verb `approve`. */
  readonly robot: Person;
}

/** Makes them, one after the other. `whileSuspended` is done while the first one waits and the kill switch is on. */
export async function makeUnknownOutcomes(whileSuspended: (tenant: Tenant) => Promise<void>): Promise<UnknownOutcomes> {
  const tenant = await makeTenant('unknown', { policy: policyAbout('rita', 1), playbooks });
  const { namespace } = tenant;
  await admin.apply(rights(namespace));
  await admin.apply(names.map((name) => JSON.stringify(imageOnly(name, namespace))).join('\n---\n'));
  const [rita, robot] = await Promise.all([
    person('rita', [filersOf('rita'), 'shop-approvers', 'shop-viewers']),
    serviceAccount(namespace, 'robot'),
  ]);
  const binding = ['rolebinding', 'sentinel-account-remediator', '-n', namespace];
  const account = await admin.kubectl(['get', ...binding, '-o', 'yaml']);
  const foreign = (name: Name) =>
    admin.kubectl(['set', 'image', `deployment/${name}`, '-n', namespace, 'web=localhost/web:three']);
  /** Runs a Playbook until the gateway dies in its write; `then` keeps the outcome from being found out. */
  async function lose(
    name: Name,
    trace: () => Promise<readonly { event: string; action: string }[]>,
    then: () => Promise<unknown>,
  ) {
    const spec = { intent: { summary: `Run ${name}` }, playbookRef: { name } };
    const object = { apiVersion: 'sentinel.dev/v1alpha1', kind: 'AgentAction', metadata: { name, namespace }, spec };
    await rita.kubectl(['create', '-f', '-'], { input: JSON.stringify(object) });
    await tenant.until(name, ['AwaitingApproval']);
    const { code, stderr } = await tenant.decide(tenant.approver, name, 'approve');
    assert.equal(code, 0, stderr);
    await eventually(
      `the death in ${name}`,
      async () => (await trace()).some((one) => one.event === 'death' && one.action === name),
      undefined,
      100,
    );
    await then();
    await tenant.until(name, ['OutcomeUnknown', ...END_STATES]);
  }

  await withMortal(
    'gateway',
    [
      { action: 'redo-it', when: 'after', at: 'PUT intent Sent' },
      ...(['undo-it', 'keep-it', 'drop-it'] as const).map(
        (action) => ({ action, when: 'after', at: 'PATCH deployment' }) as const,
      ),
    ],
    async (trace) => {
      // Never sent again, because of the kill switch: it may land for all that anybody knows.
      await lose('redo-it', trace, () => tenant.setPolicy({ suspended: true }));
      await whileSuspended(tenant);
      await tenant.setPolicy({ suspended: false });
      // It landed, and the account may not read what it has done.
      await lose('undo-it', trace, () => admin.kubectl(['delete', ...binding]));
      await admin.apply(account.replace(/^ {2}(resourceVersion|uid|creationTimestamp):.*\n/gm, ''));
      // It landed, and somebody wrote over it.
      await lose('keep-it', trace, () => foreign('keep-it'));
      await lose('drop-it', trace, () => foreign('drop-it'));
    },
  );
  return { tenant, rita, robot };
}
