import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { admin, eventually, example } from '../lib/cluster.ts';
import { makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// Alters guards of the whole installation, so nothing else may run beside it. Each is restored, whatever happens.

interface Kept {
  metadata: Record<string, unknown>;
}

interface Alteration {
  readonly what: string;
  /** Alters the cluster and returns what restores it. */
  readonly alter: () => Promise<() => Promise<unknown>>;
  /** What the status must say. */
  readonly message: RegExp;
}

/** A JSON patch of one guard; restored by a replacement with the earlier object. */
function patched(object: readonly string[], ...operations: readonly object[]): Alteration['alter'] {
  return async () => {
    const kept = await admin.get<Kept>(object);
    // Without a resourceVersion, kubectl replaces whatever is there by then.
    for (const field of ['uid', 'resourceVersion', 'creationTimestamp', 'generation', 'managedFields'])
      delete kept.metadata[field];
    await admin.kubectl(['patch', ...object, '--type=json', '-p', JSON.stringify(operations)]);
    return () => admin.kubectl(['replace', '-f', '-'], { input: JSON.stringify(kept) });
  };
}

const sandboxes = ['-n', 'sentinel-sandboxes'];
const open = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'open', namespace: 'sentinel-sandboxes' },
  spec: { podSelector: {}, policyTypes: ['Egress'], egress: [{}] },
};

const alterations: readonly Alteration[] = [
  {
    what: 'a NetworkPolicy whose egress allows everything',
    alter: patched(['networkpolicy', 'sentinel-sandbox-egress', ...sandboxes], {
      op: 'replace',
      path: '/spec/egress',
      value: [{}],
    }),
    message:
      /NetworkPolicy 'sentinel-sandbox-egress' differs from this version of Sentinel at spec\.egress\[0\]\.to: expected 1 entry, found no such field \(and 1 more difference\); run `helm upgrade --force-conflicts`/,
  },
  {
    what: 'a NetworkPolicy more',
    alter: async () => {
      await admin.apply(JSON.stringify(open));
      return () => admin.kubectl(['delete', 'networkpolicy', 'open', ...sandboxes]);
    },
    message:
      /NetworkPolicy 'open' in namespace 'sentinel-sandboxes' is not part of Sentinel and may allow more traffic; delete it/,
  },
  {
    what: 'a NetworkPolicy of schedules whose egress allows everything',
    alter: patched(['networkpolicy', 'sentinel-schedules', '-n', 'sentinel-schedules'], {
      op: 'replace',
      path: '/spec/egress',
      value: [{}],
    }),
    message:
      /NetworkPolicy 'sentinel-schedules' differs from this version of Sentinel at spec\.egress\[0\]\.ports: expected 2 entries, found no such field; run `helm upgrade --force-conflicts`/,
  },
  {
    what: 'a policy that accepts everything',
    alter: patched(['validatingadmissionpolicy', 'sentinel-plans'], {
      op: 'replace',
      path: '/spec/validations/0/expression',
      value: 'true',
    }),
    message:
      /ValidatingAdmissionPolicy 'sentinel-plans' differs from this version of Sentinel at spec\.validations\[0\]\.expression: expected ".+", found "true"/,
  },
  {
    what: 'a binding that matches nothing',
    alter: patched(['validatingadmissionpolicybinding', 'sentinel-sandbox-guard'], {
      op: 'add',
      path: '/spec/matchResources',
      value: { namespaceSelector: { matchLabels: { 'sentinel.dev/no-such-label': 'true' } } },
    }),
    message:
      /ValidatingAdmissionPolicyBinding 'sentinel-sandbox-guard' differs from this version of Sentinel at spec\.matchResources: expected no such field, found .*; remove what was added/,
  },
  {
    what: 'a webhook configuration without rules',
    alter: patched(['mutatingwebhookconfiguration', 'sentinel'], { op: 'remove', path: '/webhooks/0/rules' }),
    message:
      /MutatingWebhookConfiguration 'sentinel' differs from this version of Sentinel at webhooks\[0\]\.rules: expected 1 entry/,
  },
  {
    what: 'a sandbox namespace without Pod Security',
    alter: patched(['namespace', 'sentinel-sandboxes'], {
      op: 'replace',
      path: '/metadata/labels/pod-security.kubernetes.io~1enforce',
      value: 'privileged',
    }),
    message:
      /Namespace 'sentinel-sandboxes' differs from this version of Sentinel at metadata\.labels\["pod-security\.kubernetes\.io\/enforce"\]: expected "restricted", found "privileged"/,
  },
];

describe('With a guard that was altered, nothing starts', { concurrency: false }, () => {
  let tenant: Tenant;

  before(async () => {
    tenant = await makeTenant('gw-altered');
    await admin.apply(
      example('shop/workload.yaml')
        .replaceAll('namespace: shop', `namespace: ${tenant.namespace}`)
        .replace('localhost/web:no-such-tag', tenant.image),
    );
  });

  // One approved action meets all of them in turn: the next guard is altered before the last one is restored.
  it('an approved action waits, its status names the guard and the field, and it starts when all are restored', async (t) => {
    const name = await tenant.file('set-image', { deployment: 'web', container: 'web', image: 'localhost/web:altered' });
    await tenant.until(name, ['AwaitingApproval']);
    let restore: () => Promise<unknown> = async () => undefined;
    try {
      for (const [index, { what, alter, message }] of alterations.entries()) {
        const restoreLast = restore;
        const restoreThis = await alter();
        restore = () => Promise.all([restoreLast(), restoreThis()]);
        if (index === 0) await tenant.decide(tenant.approver, name, 'approve');
        await restoreLast();
        restore = restoreThis;
        await t.test(what, async () => {
          const action = await eventually(`the reason why ${name} waits`, async () => {
            const now = await tenant.action(name);
            if (message.test(messageOf(now))) return now;
            throw new Error(`${stateOf(now)}: ${messageOf(now)}`);
          });
          assert.ok(!action.status?.stages?.some(({ stage }) => stage === 'run'), stateOf(action));
        });
      }
      // What Argo CD adds to an object that it manages is nobody's fault.
      await admin.kubectl([
        'annotate',
        'networkpolicy',
        'sentinel-default-deny',
        ...sandboxes,
        'argocd.argoproj.io/tracking-id=x',
      ]);
    } finally {
      await restore();
    }
    await eventually(`the start of ${name}`, async () =>
      (await tenant.action(name)).status?.stages?.some(({ stage }) => stage === 'run'),
    );
    await admin.kubectl(['annotate', 'networkpolicy', 'sentinel-default-deny', ...sandboxes, 'argocd.argoproj.io/tracking-id-']);
  });
});
