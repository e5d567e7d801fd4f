import { admin, type Person } from '../cluster.ts';
import type { ActionView } from '../tenant.ts';
import { whoAmI } from './answers.ts';

/** The annotation with the sealed decisions on an action, a line each. */
export const APPROVALS = 'sentinel.dev/approvals';

type Decided = Pick<ActionView, 'metadata' | 'status'>;

/** A decision on the current plan as the webhook writes it, with an invalid seal: for somebody to write with their own hand. */
export async function forgedRecord(
  who: Person,
  action: Decided,
  changed: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const { username, uid = '', groups } = await whoAmI(who);
  const keys = await admin.get<{ data: Record<string, string> }>(['configmap', 'sentinel-seal-keys', '-n', 'sentinel-system']);
  return JSON.stringify({
    action: action.metadata.uid,
    plan: action.status?.plan?.digest,
    user: username,
    uid,
    groups,
    extra: {},
    decision: 'approve',
    // The API server's own policies want the members in the order in which the webhook writes them.
    ...('effect' in changed && { effect: changed.effect }),
    time: new Date().toISOString(),
    key: Object.keys(keys.data)[0],
    seal: Buffer.alloc(64, 7).toString('base64'),
    ...changed,
  });
}

/** The decisions on an action with one more behind them. */
export const withRecord = ({ metadata }: Decided, line: string): string => {
  const before = metadata.annotations[APPROVALS];
  return before === undefined ? line : `${before}\n${line}`;
};

/** The decisions on an action, one line each. */
export const recordsOf = ({ metadata }: Decided): string[] =>
  (metadata.annotations[APPROVALS] ?? '').split('\n').filter((line) => line !== '');
