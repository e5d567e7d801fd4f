import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';
import { readTrail } from '@sentinel/cluster';
import { eventually, example, type Person } from '../lib/cluster.ts';

import { showHealthCheck, untilStuck } from './health-check.ts';
import { chooseTarget } from './target.ts';

/**
 * The demo: a real Kubernetes, Sentinel from its chart, a health check on a schedule, and one action from filed to done. It asks the person
 * to approve; `--yes` answers for them. The cluster stays up afterwards. CLUSTER says which one: embedded (the default), kind or current.
 */
const target = await chooseTarget(process.env);
const { admin } = target;
const yes = process.argv.includes('--yes');
const namespace = 'shop';
const action = `repair-web-${Math.floor(Date.now() / 1000) % 100000}`;

const say = (text: string) => process.stdout.write(`\n${styleText('bold', text)}\n`);
const show = (text: string) => process.stdout.write(`${text.trimEnd().replaceAll(/^/gm, '   ')}\n`);
const command = (text: string) => process.stdout.write(`${styleText('cyan', `   $ ${text}`)}\n`);

async function prepare(): Promise<{ tools: string }> {
  say(`1. ${target.title}`);
  const images = await target.install(say);
  show(await admin.kubectl(['get', 'pods', '-n', 'sentinel-system']));
  return images;
}

async function setTheScene(tools: string): Promise<void> {
  say('3. A shop whose Deployment `web` is stuck on an image that does not exist; a policy, Playbooks, and who may what');
  for (const file of ['namespace', 'policy', 'workload', 'playbooks'])
    await admin.apply(example(`shop/${file}.yaml`, { TOOLS_IMAGE: tools }));
  await admin.sentinel([
    'account',
    'create',
    'remediator',
    '-n',
    namespace,
    '--role',
    'edit',
    '--user',
    `${namespace}:repair-agent`,
  ]);
  await admin.sentinel(['account', 'create', 'reader', '-n', namespace, '--role', 'view', '--user', `${namespace}:repair-agent`]);
  for (const playbook of ['set-image', 'health-check']) await trust(playbook);
  show(await admin.kubectl(['get', 'playbooks,agentpolicies', '-n', namespace]));
  show(await admin.kubectl(['get', 'deployment', 'web', '-n', namespace]));
}

/** Has Tess trust a Playbook, as soon as the operator has written its digest. */
async function trust(playbook: string): Promise<void> {
  const tess = await target.person('tess', ['shop-trusters']);
  await eventually(`trust in ${playbook}`, async () => (await trustAsRead(tess, playbook)).code === 0, 15);
}

/** Trusts a Playbook by the digest that it has as it is read. */
async function trustAsRead(truster: Person, playbook: string) {
  const read = ['get', 'playbook', playbook, '-n', namespace, '-o', 'jsonpath={.status.digest}'];
  const digest = (await truster.kubectl(read)).trim();
  return await truster.trySentinel(['trust', playbook, '-n', namespace, '--yes', '--digest', digest]);
}

async function fileTheAction(tools: string): Promise<void> {
  const agent = await target.agent(namespace, 'repair-agent');
  say('5. The agent creates an action. It has no right to change anything itself:');
  command(`kubectl set image deployment/web web=${tools.slice(0, 28)}…   (as the agent)`);
  show((await agent.tryKubectl(['set', 'image', 'deployment/web', `web=${tools}`, '-n', namespace])).stderr);
  const spec = {
    intent: {
      summary: 'Put the last good image back into web',
      prompt: 'The shop is down since the last release, please repair it.',
      reason: 'web cannot pull its image',
      agent: { name: 'repair-agent', model: 'demo' },
    },
    playbookRef: { name: 'set-image' },
    parameters: [
      { name: 'deployment', value: 'web' },
      { name: 'container', value: 'web' },
      { name: 'image', value: tools },
    ],
  };
  command('kubectl create -f repair-web.yaml   (an AgentAction, as the agent)');
  show(
    await agent.kubectl(['create', '-f', '-'], {
      input: JSON.stringify({
        apiVersion: 'sentinel.dev/v1alpha1',
        kind: 'AgentAction',
        metadata: { name: action, namespace },
        spec,
      }),
    }),
  );
  say('6. Sentinel rehearses it: every write is a dry-run, and is recorded. The plan:');
  await eventually(
    'the plan',
    async () =>
      (await admin.kubectl([
        'get',
        'agentaction',
        action,
        '-n',
        namespace,
        '-o',
        'jsonpath={.status.conditions[?(@.type=="Succeeded")].reason}',
      ])) === 'AwaitingApproval',
  );
  command(`kubectl sentinel plan ${action} -n ${namespace}`);
  show(await admin.sentinel(['plan', action, '-n', namespace]));
}

async function decide(): Promise<boolean> {
  const digest = await admin.kubectl(['get', 'agentaction', action, '-n', namespace, '-o', 'jsonpath={.status.plan.digest}']);
  const [ada, vic] = await Promise.all([
    target.person('ada', ['shop-approvers', 'shop-viewers']),
    target.person('vic', ['shop-viewers']),
  ]);
  say('7. Vic, who has no right to decide, tries to approve it:');
  show((await vic.trySentinel(['approve', action, '-n', namespace, '--plan', digest, '--yes'])).stderr);
  say('8. Ada is in the group of approvers. It is your turn to be Ada.');
  if (!(await agreed())) {
    show(await ada.sentinel(['reject', action, '-n', namespace, '--comment', 'not today', '--yes']));
    return false;
  }
  command(`kubectl sentinel approve ${action} -n ${namespace}   (as Ada)`);
  const approved = await ada.sentinel([
    'approve',
    action,
    '-n',
    namespace,
    '--plan',
    digest,
    '--comment',
    'looks right',
    '--yes',
  ]);
  show(approved.trim().split('\n').at(-1) ?? '');
  return true;
}

async function agreed(): Promise<boolean> {
  if (yes) return true;
  if (!process.stdin.isTTY) throw new Error('stdin is not a terminal: run `make demo YES=1`');
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question('   Approve this plan? [y/N] ');
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}

async function watchTheEnd(): Promise<void> {
  say('9. The real Job runs exactly that plan; then the checks of the Playbook:');
  command(`kubectl sentinel watch ${action} -n ${namespace}`);
  show((await admin.trySentinel(['watch', action, '-n', namespace])).stdout);
  show(await admin.kubectl(['get', 'deployment', 'web', '-n', namespace]));
  say('10. Who asked, what was proposed, who approved, what ran, what changed: a hash chain, shown as Events too');
  command(`kubectl sentinel audit verify ${action} -n ${namespace}`);
  show((await admin.trySentinel(['audit', 'verify', action, '-n', namespace])).stdout);
}

/** What an OpenTelemetry Collector has received of the action. */
async function showTheTrail(log: string): Promise<void> {
  say('11. The same trail has left the cluster: an OpenTelemetry Collector received these records, and one trace');
  const trail = await eventually(
    'the trail at the Collector',
    async () => {
      const arrived = await readTrail(log, namespace, action);
      return arrived.spans.length > 0 && arrived;
    },
    30,
  );
  show(trail.records.join('\n'));
  show(`\n${trail.spans.join('\n')}`);
}

const { tools } = await prepare();
await setTheScene(tools);
const stage = { target, namespace, tools, say, show, command, trust };
await untilStuck(stage);
await showHealthCheck(stage);
await fileTheAction(tools);
if (await decide()) await watchTheEnd();
if (target.collectorLog !== undefined) await showTheTrail(target.collectorLog);
say('The cluster stays up. Try next:');
show(`${target.environment}${target.collectorLog === undefined ? '' : `\nless ${target.collectorLog}      # what the Collector received`}
kubectl sentinel report ${action} -n ${namespace}
kubectl get events -n ${namespace} --field-selector involvedObject.name=${action}
kubectl sentinel schedules -n ${namespace}
kubectl sentinel run health-check -n ${namespace} --as system:serviceaccount:${namespace}:repair-agent --summary 'Is the shop well?' --wait
kubectl explain playbook.spec
${target.removal}`);
