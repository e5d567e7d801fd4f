import { record } from '../../status/record.ts';
import type { Pass } from '../context.ts';

/** Notes in an ended action that another one has rolled its changes back, so that the trails of both name each other. */
export function noteUndone({ draft, action, facts, now }: Pass): void {
  const { undoneBy } = facts;
  if (!undoneBy) return;
  draft.rolledBackBy = { ...undoneBy };
  record(
    draft,
    action,
    {
      transition: 'RolledBackLater',
      actor: 'sentinel-operator',
      summary: `its changes were rolled back by AgentAction '${undoneBy.name}', whose plan says what was left as it is`,
      plan: draft.plan?.digest,
      details: { 'sentinel.rolled_back_by.name': undoneBy.name, 'sentinel.rolled_back_by.uid': undoneBy.uid },
    },
    now,
  );
}
