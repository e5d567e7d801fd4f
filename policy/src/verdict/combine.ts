import { stricter } from './order.ts';
import type { Opinion } from './verdict.ts';

/**
 * Combines the opinions of several policies: the strictest one, and the first of equal ones. If all allow, the first one is named, and the others
 * in its message, so that every entry that allowed it is known.
 *
 * @param silent the result if no policy has an opinion
 */
export function combine(opinions: readonly Opinion[], silent: Opinion): Opinion {
  const [first, ...others] = opinions;
  if (!first) return silent;
  const strictest = opinions.reduce((a, b) => (stricter(a.decision, b.decision) === a.decision ? a : b), first);
  if (strictest.decision !== 'Allow' || others.length === 0) return strictest;
  const also = others.map(({ policy, rule }) => `${policy} (${rule})`).join(', ');
  return { ...first, message: `${first.message}, also by ${also}` };
}
