import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { agentActions } from '@sentinel/crds';
import { createClient, createTransport, loadConfig } from '@sentinel/kube';
import { admin, policyForAnyPlaybook } from '../lib/cluster.ts';
import { annotateWeb } from '../lib/one-step.ts';
import { makeTenant, type Tenant } from '../lib/tenant.ts';

// An admin of a namespace writes rules that take long to compare, and an agent of it files commands that have many readings, also in a
// dry-run. Neither may keep the programs that everybody decides by.

const POLICIES = 8;
const WIDE = 6;
const command = `kubectl ${'-x a '.repeat(700)}`;

let quiet: Tenant;
let noisy: Tenant;

/** A policy whose rules have as many positions as there may be. */
const slowPolicy = (namespace: string, index: number) => ({
  apiVersion: 'sentinel.dev/v1alpha1',
  kind: 'AgentPolicy',
  metadata: { name: `slow-${index}`, namespace },
  spec: {
    subjects: [{ kind: 'ServiceAccount', name: 'repair-agent' }],
    modes: ['DryRun', 'Apply'],
    playbooks: { adHocSteps: 'Allow' },
    commands: Array.from({ length: 256 }, (_, rule) => ({
      prefix: ['kubectl', ...Array.from({ length: 30 }, () => 'a|b'), `z${rule}`],
      decision: 'Deny',
    })),
  },
});

/** A policy whose rules have many alternatives in each position by which rules are looked up. */
const widePolicy = (namespace: string, index: number) => {
  const position = (rule: number, at: number) =>
    Array.from({ length: 10 }, (_, one) => `${one}x${index}y${rule}z${at}`).join('|');
  const prefix = (rule: number) => [position(rule, 0), position(rule, 1), position(rule, 2), 'end'];
  const { spec, ...rest } = slowPolicy(namespace, index);
  const commands = Array.from({ length: 256 }, (_, rule) => ({ prefix: prefix(rule), decision: 'Deny' }));
  return { ...rest, metadata: { name: `wide-${index}`, namespace }, spec: { ...spec, commands } };
};

const restarts = async () => {
  const { items } = await admin.get<{
    items: { metadata: { name: string }; status: { containerStatuses: { restartCount: number }[] } }[];
  }>([...['pods', '-n', 'sentinel-system']]);
  return items.reduce(
    (sum, { status }) => sum + status.containerStatuses.reduce((all, { restartCount }) => all + restartCount, 0),
    0,
  );
};

describe('Rules and commands that take long to compare', { concurrency: false }, () => {
  before(async () => {
    const options = { playbooks: annotateWeb('touch'), policy: policyForAnyPlaybook() };
    [quiet, noisy] = await Promise.all([makeTenant('quiet', options), makeTenant('slow-rules', options)]);
    await quiet.deploy('web');
    const items = Array.from({ length: POLICIES }, (_, index) => slowPolicy(noisy.namespace, index));
    for (const item of items) await admin.kubectl(['create', '-f', '-'], { input: JSON.stringify(item) });
  });

  // A version of Sentinel without these bounds would not come up while they are there.
  after(() => admin.kubectl(['delete', 'agentpolicy', '--all', '-n', noisy.namespace]));

  it('take no more memory than the programs have', async () => {
    const before = await restarts();
    for (let index = 0; index < WIDE; index++)
      await admin.kubectl(['create', '-f', '-'], { input: JSON.stringify(widePolicy(noisy.namespace, index)) });
    // Whoever files has all of them read, in both replicas of the webhook.
    for (let index = 0; index < 8; index++)
      assert.match((await noisy.file('touch', { key: `w${index}` }).catch(String)) as string, /^touch-|no rule of|denied/);
    const name = await quiet.file('touch', { key: 'w' });
    await quiet.until(name, ['AwaitingApproval']);
    assert.equal(await restarts(), before, 'a program was ended for its memory');
  });

  it('are refused where the policies of the namespace come to more than a megabyte', async () => {
    const create = (index: number) =>
      admin.tryKubectl(['create', '-f', '-'], { input: JSON.stringify(widePolicy(noisy.namespace, WIDE + index)) });
    const answers: { code: number; stderr: string }[] = [];
    for (let index = 0; index < 3; index++) answers.push(await create(index));
    assert.match(
      answers.map(({ stderr }) => stderr).join(),
      /exceeded quota: the AgentPolicies of namespace '.*' have [0-9]+ bytes/,
    );
  });

  it('keep nobody else from deciding', async () => {
    const name = await quiet.file('touch', { key: 'a' });
    await quiet.until(name, ['AwaitingApproval']);
    const agent = createClient(
      createTransport(loadConfig({ kubeconfig: noisy.agent.kubeconfig }), { userAgent: 'sentinel-test' }),
    );
    const stop = new AbortController();
    const answers: string[] = [];
    const body = (at: number) => ({
      apiVersion: 'sentinel.dev/v1alpha1',
      kind: 'AgentAction',
      metadata: { name: `slow-${at}`, namespace: noisy.namespace },
      spec: {
        intent: { summary: 'x' },
        account: 'remediator',
        image: noisy.image,
        steps: Array.from({ length: 16 }, (_, step) => ({ name: `s${step}`, command: ['sh', '-c', `${command}#${at}-${step}`] })),
      },
    });
    const loop = async (at: number) => {
      while (!stop.signal.aborted)
        await agent.create(agentActions, body(at) as never, { dryRun: true }).then(
          () => answers.push('taken'),
          (error: Error) => answers.push(error.message.slice(0, 200)),
        );
    };
    const loops = Promise.all([1, 2, 3, 4].map(loop));
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const begun = performance.now();
    const decided = await quiet.decide(quiet.approver, name, 'approve');
    const took = performance.now() - begun;
    stop.abort();
    await loops;
    console.log(
      `      decided in ${(took / 1000).toFixed(1)}s: ${decided.stderr.slice(0, 200)}; ${[...new Set(answers)].join(' | ').slice(0, 600)}`,
    );
    assert.equal(decided.code, 0, decided.stderr);
  });
});
