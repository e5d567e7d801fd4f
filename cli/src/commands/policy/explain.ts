import { type ActionPlan, type AgentAction, actionPlans, agentActions, annotations, count } from '@sentinel/crds';
import { type PolicySet, parseIdentity, policyName } from '@sentinel/policy';
import { messageOf, readAction, stateOf } from '../../read.ts';
import type { Session } from '../../session.ts';
import { type Format, raw } from '../../terminal/raw.ts';
import { table } from '../../terminal/table.ts';
import { visible } from '../../terminal/visible.ts';
import { UsageError } from '../../usage-error.ts';
import { type Judged, judgePlanOf, opinionsOf } from './evaluate/opinions.ts';
import type { Because } from './evaluate/reason.ts';
import { workOf } from './evaluate/work.ts';
import { wouldAllow } from './evaluate/would-allow.ts';
import { familyOf } from './input/lineage-facts.ts';
import { policiesFor, readCluster, type Sources, withGroups } from './input/sources.ts';

/** Explains the state of an action: every policy and rule that applies to it now, whether it changed since, and what would be allowed. */
export async function explainAction(session: Session, name: string, format: Format): Promise<number> {
  const action = await readAction(session, name);
  const sources = await readCluster(session.client, session.namespace);
  const family = action.spec.intent.parentAction === undefined ? [] : await actionsOf(session);
  const judged = await judgedOf(session, action, sources, { all: family, now: action.status?.lineage === undefined });
  const { set, plan } = judged;
  const opinions = opinionsOf(judged, session.io.now());
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
  const needs = plan && judgePlanOf({ ...judged, plan }).requirements;
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
  if (opinions.length === 0) session.io.out('No rule applies to it.');
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
      needs.autoReview
        ? `\nat risk ${plan?.spec.risk.level} it starts without approval if enough earlier runs have succeeded (\`autoReviewAfter\`)`
        : `\nneeds ${count(needs.approvals, 'approval')}${needs.groups ? ` from ${needs.groups.map(visible).join(' or ')}` : ''} at risk ${plan?.spec.risk.level}`,
    );
  return 0;
}

// For each denial: the rules that allow something of the same kind, or else the remedy of the denial.
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

/** The actions of the namespace of a session. */
export const actionsOf = async ({ client, namespace }: Session): Promise<readonly AgentAction[]> =>
  (await client.list(agentActions, { namespace })).items;

/**
 * An action with everything that policies evaluate. Trust and the right to use the account are not part of policies, so
 * they are assumed.
 */
export async function judgedOf(
  session: Session,
  action: AgentAction,
  sources: Sources,
  { all, now }: { readonly all: readonly AgentAction[]; readonly now: boolean },
): Promise<Judged> {
  const requester = parseIdentity(action.metadata.annotations?.[annotations.requestedBy]);
  if (!requester) throw new UsageError('RequesterNotStamped', `the requester is unknown for '${action.metadata.name}'`);
  return {
    action,
    plan: await planOf(session, action),
    set: policiesFor(sources, requester, action.metadata.namespace ?? ''),
    work: workOf(action, sources.playbooks),
    family: familyOf(action, all, now),
    requester: withGroups(requester),
  };
}

async function planOf(session: Session, action: AgentAction): Promise<ActionPlan | undefined> {
  const name = action.status?.plan?.name;
  if (name === undefined) return undefined;
  return (await session.client.get(actionPlans, { name, namespace: action.metadata.namespace })) ?? undefined;
}

const digestThen = (action: AgentAction, policy: { kind: string; name: string }) =>
  action.status?.policies?.find(({ kind, name }) => kind === policy.kind && name === policy.name)?.digest;
