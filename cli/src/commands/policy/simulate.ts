import { count } from '@sentinel/crds';
import { explain } from '@sentinel/policy';
import { stateOf } from '../../read.ts';
import type { Session } from '../../session.ts';
import { type Format, raw } from '../../terminal/raw.ts';
import { table } from '../../terminal/table.ts';
import { type Judged, judgePlanOf, refusalsOf } from './evaluate/opinions.ts';
import { actionsOf, judgedOf } from './explain.ts';
import { readFiles } from './input/read-files.ts';
import { readCluster, type Sources } from './input/sources.ts';

/** The evaluation of an action: refusals with their rules, the required approvals, and why a person is needed. */
interface Verdict {
  readonly refusals: readonly string[];
  /** 0 for a plan that starts without a person; undefined if there is no plan. */
  readonly approvals: number | undefined;
  readonly groups: readonly string[] | undefined;
  readonly person: readonly string[];
}

/** Evaluates past actions with changed policies and prints the differences. */
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
  const all = await actionsOf(session);
  const rows = [];
  for (const action of all) {
    const before = await judgedOf(session, action, now, { all, now: false });
    const { set } = await judgedOf(session, action, then, { all, now: false });
    const [a, b] = [judge(before), judge({ ...before, set })];
    const differs = JSON.stringify(a) !== JSON.stringify(b);
    rows.push({
      action: action.metadata.name,
      state: stateOf(action),
      before: words(a),
      after: words(b),
      differs,
      why: b.refusals[0] ?? b.person[0],
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
    session.io.out(`${differing.length} of ${count(rows.length, 'action')} would be judged in another way`);
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

const words = ({ refusals, approvals }: Verdict) => {
  if (refusals.length > 0) return 'refused';
  if (approvals === undefined) return 'allowed';
  return approvals === 0 ? 'starts without a person' : `${count(approvals, 'approval')}`;
};

// Trust, account and parent are facts outside the policies: only the effect of the changed policies is evaluated.
function judge(judged: Judged): Verdict {
  const { plan } = judged;
  const refusals = refusalsOf(judged);
  if (!plan) return { refusals: refusals.map(explain), approvals: undefined, groups: undefined, person: [] };
  const { requirements, refusals: ofPlan, person = [] } = judgePlanOf({ ...judged, plan });
  const { approvals, groups } = requirements;
  return { refusals: [...refusals, ...ofPlan].map(explain), approvals, groups, person };
}
