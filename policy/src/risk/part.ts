import type { RiskPart } from '@sentinel/crds';
import { type RiskRule, type RiskRuleName, riskRules } from './rules.ts';

const LENGTH = 512;

/** The part that a rule adds for `count` things; none for none. */
export function part(name: RiskRuleName, count: number, message: string): RiskPart[] {
  if (count <= 0) return [];
  const { points, atMost, level }: RiskRule = riskRules[name];
  return [
    {
      rule: name,
      points: Math.min(points * count, atMost ?? Number.POSITIVE_INFINITY),
      ...(level === undefined ? {} : { level }),
      message: clip(message),
    },
  ];
}

/** One part for each message, up to `shown`, and one for all others. Their points end where those of the rule do. */
export function partForEach(name: RiskRuleName, messages: readonly string[], shown: number): RiskPart[] {
  const heads = messages.slice(0, shown);
  const more = messages.length - heads.length;
  let given = 0;
  return [...heads, ...(more > 0 ? [`and ${more} more of the same kind`] : [])].flatMap((message, index) => {
    const [upToHere] = part(name, index < heads.length ? index + 1 : messages.length, message);
    if (!upToHere) return [];
    const points = upToHere.points - given;
    given = upToHere.points;
    return [{ ...upToHere, points }];
  });
}

/** A text as long as a part may have it. A cut may split a pair of surrogates, which has no canonical form. */
export const clip = (text: string): string => (text.length <= LENGTH ? text : `${text.slice(0, LENGTH - 1).toWellFormed()}…`);
