import { type PolicySet, policyName } from '../policyset/policy-set.ts';
import { fitsShare } from './fair-share.ts';
import type { Activity, Hold } from './limits.ts';

/** Sandboxes that rehearsals and runs share; the namespace of the sandboxes has a quota of a few more (chart, sandbox.yaml). */
export const SANDBOXES = 190;
/** Waiting actions of one namespace are looked at this many times a second together. */
const LOOKS_PER_SECOND = 5;
const LOOK_AGAIN_MS = 2_000;

/**
 * Why an action has to wait for a sandbox, and when to look again. Namespaces share them by `fitsShare`, rehearsals and runs apart: what
 * people have approved does not wait for rehearsals. Policies may set a smaller number for a namespace, of which one is for its runs. The
 * checks of a run wait for nothing: they follow it in the place that it had.
 */
export function holdSandbox(
  set: PolicySet,
  self: Activity,
  all: Iterable<Activity>,
  total = SANDBOXES,
): (Hold & { readonly requeueAfterMs: number }) | undefined {
  const others = [...all].filter(({ uid }) => uid !== self.uid);
  const share = self.phase === 'Filed' ? 'rehearsal' : 'run';
  const busy = others.filter(({ phase }) => phase === 'Rehearsing' || phase === 'Running');
  const alike = busy.filter(({ phase }) => (phase === 'Rehearsing') === (share === 'rehearsal'));
  const waits = share === 'rehearsal' ? 'Filed' : 'Queued';
  const takers = new Set([self, ...alike, ...others.filter(({ phase }) => phase === waits)].map(({ namespace }) => namespace));
  const inNamespace = (list: readonly Activity[]) => list.filter(({ namespace }) => namespace === self.namespace).length;
  const waiting = inNamespace(others.filter(({ phase }) => phase === 'Filed'));
  const requeueAfterMs = LOOK_AGAIN_MS + Math.floor((waiting * 1000) / LOOKS_PER_SECOND);
  for (const policy of set.policies) {
    const most = policy.spec?.limits?.sandboxes;
    if (most === undefined || inNamespace(busy) < (share === 'run' ? most : Math.max(most - 1, 1))) continue;
    const message = `it waits for a sandbox: this namespace may have ${most} at a time${share === 'run' || most === 1 ? '' : ', one of them for a real run'}`;
    return { policy: policyName(policy), rule: 'limits.sandboxes', message, requeueAfterMs };
  }
  const demand = { total, others: busy.length - alike.length, used: alike.length, own: inNamespace(alike), amount: 1 };
  if (fitsShare(share, { ...demand, takers: takers.size })) return undefined;
  const message = 'it waits for a sandbox: this namespace has its share of them';
  return { policy: 'Sentinel', rule: 'sandboxes are shared between namespaces', message, requeueAfterMs };
}
