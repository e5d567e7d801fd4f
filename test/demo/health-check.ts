import { eventually, example } from '../lib/cluster.ts';
import type { Stage } from './stage.ts';

const PLAYBOOK = 'namespace-health';
/** Whose actions those of schedules are. */
const SCHEDULE = '  - {kind: ServiceAccount, name: schedule, namespace: sentinel-schedules}\n';

/** A health check of the library on a schedule: it runs once, now, and its report is shown. It only reads, so nobody is asked. */
export async function showHealthCheck({ target, namespace, tools, say, show, command, trust }: Stage): Promise<void> {
  const { admin } = target;
  const place = ['-n', namespace];
  say('4. A health check of the library, on a schedule. It only reads, so nobody is asked; its report says what is wrong');
  const policy = example(`playbooks/${PLAYBOOK}/policy.yaml`).replace('  subjects:\n', `  subjects:\n${SCHEDULE}`);
  const playbook = example(`playbooks/${PLAYBOOK}/playbook.yaml`, { TOOLS_IMAGE: tools });
  const objects = [example('shop/health.yaml'), policy, `${playbook}  schedule: {cron: "*/30 * * * *"}\n`].join('---\n');
  await admin.apply(objects.replaceAll('namespace: shop', `namespace: ${namespace}`));
  const user = ['--user', `${namespace}:${PLAYBOOK}`];
  await admin.sentinel(['account', 'create', 'inspector', ...place, '--role', 'view', ...user]);
  await trust(PLAYBOOK);
  await admin.kubectl(['wait', `playbook/${PLAYBOOK}`, ...place, '--for=condition=Scheduled', '--timeout=60s']);
  command(`kubectl sentinel schedules -n ${namespace}`);
  show(await admin.sentinel(['schedules', ...place]));
  const agent = await target.agent(namespace, PLAYBOOK);
  command(`kubectl sentinel schedules run ${PLAYBOOK} -n ${namespace} --wait   (now, not at the next half hour)`);
  const ran = await agent.sentinel(['schedules', 'run', PLAYBOOK, ...place, '--wait']);
  show(ran);
  const name = /agentaction\.sentinel\.dev\/(\S+) created/.exec(ran)?.[1] ?? '';
  command(`kubectl sentinel report ${name} -n ${namespace}`);
  show(await admin.sentinel(['report', name, ...place]));
}

/** Waits until the Deployment is seen to be stuck, so that the check has something to find. */
export async function untilStuck({ target: { admin }, namespace }: Stage): Promise<void> {
  const waiting = '{.items[*].status.containerStatuses[*].state.waiting.reason}';
  await eventually('the stuck Deployment', async () =>
    /Image/.test(await admin.kubectl(['get', 'pods', '-n', namespace, '-l', 'app=web', '-o', `jsonpath=${waiting}`])),
  );
}
