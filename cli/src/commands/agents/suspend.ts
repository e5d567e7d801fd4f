import { createHash } from 'node:crypto';
import { type AgentPolicy, agentPolicies } from '@sentinel/crds';
import { saysNothing } from '@sentinel/policy';
import { exitCodes } from '../../exit-codes.ts';
import { confirmed, requireSomebody, type Session, UsageError } from '../../session.ts';
import { visible } from '../../terminal/visible.ts';

export interface SuspendFlags {
  readonly yes?: boolean;
}

type Subject = NonNullable<AgentPolicy['spec']['subjects']>[number];

const LABEL = 'sentinel.dev/suspends';
const SERVICE_ACCOUNT = 'system:serviceaccount:';
const PART = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

/** The identity in `NAME`, `sa:NAME`, `NAMESPACE:NAME`, `system:serviceaccount:NAMESPACE:NAME` or `user:NAME`. Throws UsageError. */
export function subjectOf(given: string, namespace: string): Subject {
  if (given.startsWith('user:') && given.length > 5) return { kind: 'User', name: given.slice(5) };
  const short = given.replace(SERVICE_ACCOUNT, '').replace(/^sa:/, '');
  const [first = '', second, ...more] = short.split(':');
  const [home, name] = second === undefined ? [namespace, first] : [first, second];
  if (more.length > 0 || !PART.test(home) || !PART.test(name))
    throw new UsageError(
      'FlagInvalid',
      `'${given}' is not an agent: name a ServiceAccount as NAME or NAMESPACE:NAME, or a user as user:NAME`,
    );
  return { kind: 'ServiceAccount', name, namespace: home };
}

/**
 * The policy that suspends one agent in a namespace. With `auditOnly` its kill switch is all that counts: it allows and refuses nothing
 * else, neither while it is on nor afterwards.
 */
export function suspendingPolicy(subject: Subject, namespace: string): AgentPolicy {
  const identity = `${subject.kind}:${subject.namespace ?? ''}:${subject.name}`;
  const digest = createHash('sha256').update(identity).digest('hex').slice(0, 8);
  const readable = subject.name
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40);
  return {
    apiVersion: 'sentinel.dev/v1alpha1',
    kind: 'AgentPolicy',
    metadata: { name: `suspend-${readable}-${digest}`.replace('--', '-'), namespace, labels: { [LABEL]: digest } },
    // Fields that are left out get the defaults of the API server, which say nothing: the policy is for audit only.
    spec: { subjects: [subject], auditOnly: true, suspended: true } as AgentPolicy['spec'],
  };
}

/** Turns a kill switch on for one agent in the namespace: nothing of it starts, and what runs is stopped. */
export async function suspendAgent(session: Session, given: string, flags: SuspendFlags): Promise<number> {
  const { client, namespace, io } = session;
  requireSomebody(io, flags.yes === true);
  const subject = subjectOf(given, namespace);
  const policy = suspendingPolicy(subject, namespace);
  io.out(
    visible(
      `Suspends ${nameOf(subject)} in namespace ${namespace}: no action of it starts, its runs are stopped and not rolled back, and approvals do not count until it is resumed.`,
    ),
  );
  if (!(await confirmed(session, 'Suspend this agent?', flags.yes === true))) {
    io.error('nothing was suspended');
    return exitCodes.other;
  }
  await client.patch(agentPolicies, { name: policy.metadata.name, namespace }, policy, {
    type: 'apply',
    fieldManager: 'kubectl-sentinel',
    force: true,
  });
  io.out(`agentpolicy.sentinel.dev/${policy.metadata.name} suspends ${visible(nameOf(subject))}`);
  io.out(`to resume: kubectl sentinel agents resume ${visible(given)} -n ${namespace}`);
  return exitCodes.done;
}

/**
 * Deletes the policy of `agents suspend`, which would otherwise make its subject an agent of the namespace for ever. If somebody has added
 * rules to it, its kill switch is turned off instead. Kill switches of other policies stay on.
 */
export async function resumeAgent({ client, namespace, io }: Session, given: string): Promise<number> {
  const subject = subjectOf(given, namespace);
  const { name } = suspendingPolicy(subject, namespace).metadata;
  const found = await client.get(agentPolicies, { name, namespace });
  const isEmpty = saysNothing(found?.spec);
  if (!found || !(isEmpty || found.spec.suspended))
    throw new UsageError(
      'NothingToDecide',
      `'kubectl sentinel agents suspend' does not suspend ${nameOf(subject)} in namespace '${namespace}'; see: kubectl sentinel agents -n ${namespace} -o wide`,
    );
  const { uid } = found.metadata;
  if (isEmpty) await client.delete(agentPolicies, { name, namespace }, { preconditions: { uid } });
  else {
    const patch = { metadata: { uid }, spec: { suspended: false } };
    await client.patch(agentPolicies, { name, namespace }, patch, { type: 'merge', fieldManager: 'kubectl-sentinel' });
  }
  const done = isEmpty ? 'deleted' : 'kept, with the rules that somebody added to it';
  io.out(`agentpolicy.sentinel.dev/${name} ${done}; it suspends ${visible(nameOf(subject))} no more`);
  if (found.spec.suspended) io.out('open actions that were suspended need approval again');
  return exitCodes.done;
}

const nameOf = ({ kind, name, namespace }: Subject) =>
  kind === 'User' ? `user ${name}` : `ServiceAccount ${namespace ?? ''}:${name}`;
