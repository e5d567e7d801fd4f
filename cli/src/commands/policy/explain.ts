import { type ActionPlan, type AgentAction, actionPlans, agentActions, annotations } from '@sentinel/crds';
import { admit, explain, judgePlan, type PolicySet, parseIdentity, policyName } from '@sentinel/policy';
import { type Format, raw } from '../../print/raw.ts';
import { table } from '../../print/table.ts';
import { visible } from '../../print/visible.ts';
import { messageOf, readAction, stateOf } from '../../read.ts';
import type { Session } from '../../session.ts';
import { UsageError } from '../../usage-error.ts';
import { type Because, TAKEN_FOR_GIVEN } from './judge.ts';
import { opinionsOf } from './opinions.ts';
import { readFiles } from './read-files.ts';
import { policiesFor, readCluster, type Sources } from './sources.ts';
import { wouldAllow } from './would-allow.ts';

/** What policies say of an action now: refusals with their rules, and who would have to approve. */
interface Judged {
  readonly refusals: readonly string[];
  readonly approvals: number | undefined;
  readonly groups: readonly string[] | undefined;
}

/** Says why an action is where it is: every policy and rule that speaks of it now, whether it changed since, and what would be allowed. */
export async function explainAction(session: Session, name: string, format: Format): Promise<number> {
  const action = await readAction(session, name);
  const sources = await readCluster(session.client, session.namespace);
  const set = setOf(action, sources);
  const plan = await planOf(session, action);
  const opinions = opinionsOf(action, plan, set, sources.playbooks, session.io.now());
  const policies = set.policies.map((policy) => {
    const admitted = digestThen(action, policy);
    const since =
      action.status?.policies === undefined
        ? 'not recorded'
        : admitted === undefined
          ? 'new'
          : admitted === policy.digest
            ? 'the same'
            : 'changed';
    return { policy: policyName(policy), since, digest: policy.digest };
  });
  const allowed = allowedInstead(action, plan, set, opinions);
  const needs = plan && requirementsOf(set, action, plan);
  if (format) {
    session.io.out(
      raw(
        { action: name, state: stateOf(action), message: messageOf(action), policies, opinions, allowed, needs: needs ?? null },
        format,
      ),
    );
    return 0;
  }
  session.io.out(`${visible(name)}: ${visible(stateOf(action))}: ${visible(messageOf(action))}\n`);
  session.io.out(
    table(
      ['POLICY', 'SINCE ADMISSION', 'DIGEST'],
      policies.map((one) => [one.policy, one.since, one.digest]),
    ),
  );
  session.io.out('');
  if (opinions.length === 0) session.io.out('No rule speaks of it.');
  else
    session.io.out(
      table(
        ['DECISION', 'POLICY', 'RULE', 'WHY'],
        opinions.map(({ decision, policy, rule, message }) => [decision, policy, rule, message]),
      ),
    );
  if (allowed.length > 0) session.io.out(`\nwhat would be allowed:\n${allowed.map((line) => `  ${visible(line)}`).join('\n')}`);
  if (needs)
    session.io.out(
      `\nneeds ${needs.approvals} approval(s)${needs.groups ? ` from ${needs.groups.map(visible).join(' or ')}` : ''} at risk ${plan?.spec.risk.level}`,
    );
  return 0;
}

// Of each thing that is denied: the rules that allow something of its kind, or else what the denial itself advises.
function allowedInstead(
  action: AgentAction,
  plan: ActionPlan | undefined,
  set: PolicySet,
  opinions: readonly Because[],
): string[] {
  const denials = opinions.filter(({ decision }) => decision === 'Deny');
  const isDenied = (field: string) => denials.some(({ rule }) => rule.startsWith(field));
  const resources = new Set(isDenied('kubernetes') ? plan?.spec.effects.map(({ resource }) => resource) : []);
  const rules = [
    ...(isDenied('commands') ? wouldAllow(set, { command: ['x'] }) : []),
    ...[...resources].flatMap((resource) => wouldAllow(set, { api: { verb: '', apiGroup: '', resource } })),
    ...(isDenied('images') ? wouldAllow(set, { image: '' }) : []),
    ...(['playbooks.allow', 'modes', 'environments'].some(isDenied) ? wouldAllow(set, { action: action.spec }) : []),
  ];
  return [...new Set([...rules, ...denials.flatMap(({ remedy }) => remedy ?? [])])];
}

/** Judges past actions by other policies and says what would differ. */
export async function simulate(session: Session, files: readonly string[], format: Format): Promise<number> {
  const now = await readCluster(session.client, session.namespace);
  const changed = readFiles(files, session.namespace);
  const then: Sources = {
    ...now,
    clusterPolicies: replaced(now.clusterPolicies, changed.clusterPolicies),
    policies: replaced(
      now.policies,
      changed.policies.map((policy) => ({
        ...policy,
        metadata: { ...policy.metadata, namespace: policy.metadata.namespace ?? session.namespace },
      })),
    ),
  };
  const { items } = await session.client.list(agentActions, { namespace: session.namespace });
  const rows = [];
  for (const action of items) {
    const [a, b] = [
      await judge(session, action, setOf(action, now), now),
      await judge(session, action, setOf(action, then), then),
    ];
    const differs = JSON.stringify(a) !== JSON.stringify(b);
    rows.push({
      action: action.metadata.name,
      state: stateOf(action),
      before: words(a),
      after: words(b),
      differs,
      why: b.refusals[0],
    });
  }
  const differing = rows.filter(({ differs }) => differs);
  if (format) session.io.out(raw(rows, format));
  else {
    if (differing.length > 0)
      session.io.out(
        table(
          ['ACTION', 'STATE', 'NOW', 'CHANGED', 'WHY'],
          differing.map((row) => [row.action, row.state, row.before, row.after, row.why]),
        ),
      );
    session.io.out(`${differing.length} of ${rows.length} actions would be judged in another way`);
  }
  return 0;
}

function replaced<T extends { metadata: { name: string; namespace?: string | undefined } }>(
  present: readonly T[],
  changed: readonly T[],
): T[] {
  const key = ({ metadata }: T) => `${metadata.namespace ?? ''}/${metadata.name}`;
  const names = new Set(changed.map(key));
  return [...present.filter((one) => !names.has(key(one))), ...changed];
}

const words = ({ refusals, approvals }: Judged) =>
  refusals.length > 0 ? 'refused' : approvals === undefined ? 'allowed' : `${approvals} approval(s)`;

function setOf(action: AgentAction, sources: Sources): PolicySet {
  const requester = parseIdentity(action.metadata.annotations?.[annotations.requestedBy]);
  if (!requester) throw new UsageError(`it is not known who asked for '${action.metadata.name}'`);
  return policiesFor(sources, requester, action.metadata.namespace ?? '');
}

async function judge(session: Session, action: AgentAction, set: PolicySet, sources: Sources): Promise<Judged> {
  const playbook = sources.playbooks.find(({ metadata }) => metadata.name === action.spec.playbookRef?.name);
  // Trust and the right to use the account are not a matter of policies: what a change of policies would do is asked here.
  const refusals = admit({ spec: action.spec, policies: set, playbook, trust: TAKEN_FOR_GIVEN, mayUseAccount: true });
  const plan = await planOf(session, action);
  if (!plan) return { refusals: refusals.map(explain), approvals: undefined, groups: undefined };
  const verdict = judgePlan({ ...set, refusals: [] }, action.metadata.namespace ?? '', plan.spec.effects, plan.spec.risk.level);
  return {
    refusals: [...refusals, ...verdict.refusals].map(explain),
    approvals: verdict.requirements.approvals,
    groups: verdict.requirements.groups,
  };
}

async function planOf(session: Session, action: AgentAction): Promise<ActionPlan | undefined> {
  const name = action.status?.plan?.name;
  if (name === undefined) return undefined;
  return (await session.client.get(actionPlans, { name, namespace: action.metadata.namespace })) ?? undefined;
}

const requirementsOf = (set: PolicySet, action: AgentAction, plan: ActionPlan) =>
  judgePlan({ ...set, refusals: [] }, action.metadata.namespace ?? '', plan.spec.effects, plan.spec.risk.level).requirements;

const digestThen = (action: AgentAction, policy: { kind: string; name: string }) =>
  action.status?.policies?.find(({ kind, name }) => kind === policy.kind && name === policy.name)?.digest;
