import { stricter } from './order.ts';
import type { Opinion } from './verdict.ts';

/**
 * What the opinions of several policies come to: the strictest, the first of equals. Where all of them allow, it is the first that is
 * named, and the others in its message, so that nobody has to guess which entry let something pass.
 *
 * @param silent what holds where no policy has an opinion
 */
export function combine(opinions: readonly Opinion[], silent: Opinion): Opinion {
  const [first, ...others] = opinions;
  if (!first) return silent;
  const strictest = opinions.reduce((a, b) => (stricter(a.decision, b.decision) === a.decision ? a : b), first);
  if (strictest.decision !== 'Allow' || others.length === 0) return strictest;
  const also = others.map(({ policy, rule }) => `${policy} (${rule})`).join(', ');
  return { ...first, message: `${first.message}, also by ${also}` };
}
