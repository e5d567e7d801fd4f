import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { admin, eventually, policyForAnyPlaybook } from '../lib/cluster.ts';
import { startPolicy } from '../lib/hostile/mutating-policy.ts';
import { oneStep } from '../lib/one-step.ts';
import { makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// The gateway refuses the Job of a verification, as it does while operator and gateway are of two versions. A mutating policy of somebody
// else does the same to it here: when the Job is created, or later, when it is released.

const policy = policyForAnyPlaybook();
const over = ['Succeeded', 'RolledBack', 'RollbackIncomplete', 'RunFailed', 'RehearsalFailed', 'VerificationFailed', 'Blocked'];
const playbooks = oneStep('touch', ['kubectl', 'annotate', 'deployment', 'web', 'touched=yes'], {
  more: '  verify:\n  - {name: check, command: [kubectl, get, deployment, web]}\n',
});
/** The API server takes a while to load a policy; nothing shows that it has, for nobody else may make a Job here. */
const LOADED_MS = 3_000;

describe('A verification that did not run', { concurrency: true }, () => {
  const rows = {
    'because its Job was altered when it was created': [
      'CREATE',
      /did not run, and is started again in 15 s: the Job was altered on its way, so it was never released/,
    ],
    'because the gateway refused its Job as altered': [
      'UPDATE',
      /did not run, and is started again in 15 s: refused by the gateway \(JobAltered\)/,
    ],
  } as const;
  for (const [what, [operation, says]] of Object.entries(rows))
    it(`${what} is started again, and the run stays`, { timeout: 300_000 }, async (context) => {
      const tenant: Tenant = await makeTenant(`again-${operation.toLowerCase()}`, { policy, playbooks });
      await tenant.deploy('web');
      const name = await tenant.file('touch');
      await tenant.until(name, ['AwaitingApproval', ...over]);
      const stop = await startPolicy(
        {
          name: tenant.namespace,
          namespaces: ['sentinel-sandboxes'],
          rule: { group: 'batch', resource: 'jobs', operations: [operation] },
          when: `object.metadata.labels['sentinel.dev/stage'] == 'verification' && object.metadata.annotations['sentinel.dev/namespace'] == '${tenant.namespace}'`,
          patch: '[JSONPatch{op: "replace", path: "/spec/activeDeadlineSeconds", value: 86399}]',
        },
        async () => await sleep(LOADED_MS, true),
      );
      try {
        const { code, stderr } = await tenant.decide(tenant.approver, name, 'approve');
        assert.equal(code, 0, stderr);
        const waiting = await eventually('a verification that is started again', async () => {
          const now = await tenant.action(name);
          if (over.includes(stateOf(now))) assert.fail(messageOf(now));
          return /is started again/.test(messageOf(now)) ? now : undefined;
        });
        context.diagnostic(messageOf(waiting));
        assert.equal(stateOf(waiting), 'Verifying');
        assert.match(messageOf(waiting), says);
      } finally {
        await stop();
      }
      const done = await tenant.until(name, over);
      assert.equal(stateOf(done), 'Succeeded', messageOf(done));
      const tries = done.status?.stages?.filter(({ stage }) => stage === 'verification').map(({ outcome }) => outcome) ?? [];
      assert.deepEqual([tries[0], tries.at(-1)], ['Failed', 'Succeeded']);
      const annotations = ['get', 'deployment', 'web', '-n', tenant.namespace, '-o', 'jsonpath={.metadata.annotations.touched}'];
      assert.equal(await admin.kubectl(annotations), 'yes');
    });
});
