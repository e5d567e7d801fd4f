import { type AuditRecord, verifyChain } from '@sentinel/crds';
import { jobs } from '@sentinel/kube';
import { admin, policyForAnyPlaybook } from '../cluster.ts';
import { imageOnly } from '../image-only.ts';
import { oneStep } from '../one-step.ts';
import { approve } from '../runs.ts';
import { type ActionView, client, makeTenant, type Tenant } from '../tenant.ts';

/** Where sandboxes run. */
export const SANDBOXES = 'sentinel-sandboxes';

const policy = policyForAnyPlaybook();

/** A Playbook of the same name as the Deployment that it is for, with this shell script as its step. */
const playbook = (name: string, script: string) => oneStep(name, ['sh', '-c', script]);

/** A command that changes the image of a Deployment. */
export const setImage = (name: string) => `kubectl set image deployment/${name} web=localhost/web:two`;
/** The transitions of an action, in order. */
export const transitionsOf = (action: ActionView) => action.status?.outbox?.records.map(({ transition }) => transition) ?? [];
/** What is wrong with the audit trail of an action. */
export const chainOf = ({ status }: ActionView) =>
  verifyChain((status?.outbox?.records ?? []) as unknown as AuditRecord[], {
    sequence: status?.outbox?.sequence ?? 0,
    hash: status?.outbox?.head ?? '',
  });

/** A Deployment as it is: how often its spec changed, and the image. */
export async function shown(name: string, namespace: string): Promise<string> {
  const format = '{.metadata.generation} {.spec.template.spec.containers[0].image}';
  return await admin.kubectl(['get', 'deployment', name, '-n', namespace, '-o', `jsonpath=${format}`]);
}

/** The stages of which an action has had Jobs, sorted. */
export async function jobsOf(action: string, namespace: string): Promise<string[]> {
  const { items } = await client.list(jobs, { namespace: SANDBOXES });
  return items
    .filter(({ metadata }) => metadata.annotations?.['sentinel.dev/action'] === `${namespace}/${action}`)
    .map(({ metadata }) => metadata.labels?.['sentinel.dev/stage'] ?? '')
    .sort();
}

/** Makes a tenant with Playbooks of one script each, and two Deployments by the name of each. */
export async function makeWorld(name: string, scripts: Readonly<Record<string, string>>): Promise<Tenant> {
  const playbooks = Object.entries(scripts).map(([playbookName, script]) => playbook(playbookName, script));
  const tenant = await makeTenant(name, { policy, playbooks: playbooks.join('') });
  const names = Object.keys(scripts).flatMap((one) => [one, `${one}-first`]);
  await admin.apply(names.map((one) => JSON.stringify(imageOnly(one, tenant.namespace))).join('\n---\n'));
  return tenant;
}

/** Waits for the plan of an action and approves it. */
export async function approved(tenant: Tenant, action: string): Promise<void> {
  await tenant.until(action, ['AwaitingApproval']);
  await approve(tenant, action);
}
