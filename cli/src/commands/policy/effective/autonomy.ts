import { count } from '@sentinel/crds';
import { autoReviewAt, defaultedLimit, type PolicySet, whyPerson } from '@sentinel/policy';
import { autoPlaybook } from '../evaluate/autonomy-of-request.ts';
import { TAKEN_FOR_GIVEN } from '../evaluate/work.ts';
import { RISKS } from '../lint/finding.ts';
import type { EffectiveValue } from './value.ts';

/** The risks at which a plan may start without a person, how many runs must have succeeded before, and the policies that decide it. */
export function effectiveAutonomy(set: PolicySet): EffectiveValue[] {
  return RISKS.flatMap((risk): EffectiveValue[] => {
    const field = `autoReview at risk ${risk}`;
    const { lines, runs } = autoReviewAt(set, risk);
    const willing = lines.filter(({ autoReview }) => autoReview);
    const unwilling = lines.filter(({ autoReview }) => !autoReview);
    const reasons = whyPerson({
      policies: { ...set, refusals: [] },
      namespace: '',
      effects: [],
      risk,
      playbook: { spec: autoPlaybook() },
      trust: TAKEN_FOR_GIVEN,
      adHoc: false,
      undeclared: [],
      notObservable: [],
      asks: [],
      succeeded: undefined,
    });
    if (reasons?.length === 0) {
      const decisive = willing.filter((line) => line.runs === runs);
      const after = {
        field: `autoReviewAfter at risk ${risk}`,
        value: `${count(runs, 'run')} that succeeded`,
        ...layersOf(decisive, 'autoReviewAfter'),
      };
      return [{ field, value: 'true', ...layersOf(willing, 'autoReview') }, after];
    }
    // Policies that would let it start are overruled by those that do not, or by built-in rules.
    const by =
      unwilling.length > 0
        ? layersOf(unwilling, 'autoReview')
        : { policy: 'Sentinel', path: lines.length > 0 ? 'always' : 'default' };
    return [
      {
        field,
        value: 'false',
        ...by,
        ...(willing.length === 0 ? {} : { insteadOf: willing.map(({ policy }) => `true (${policy})`) }),
      },
    ];
  });
}

function layersOf(lines: readonly { policy: string; path: string }[], field: string): { policy: string; path: string } {
  return {
    policy: lines.map(({ policy }) => policy).join(', '),
    path: [...new Set(lines.map(({ path }) => (path === 'approvals' ? path : `${path}.${field}`)))].join(', '),
  };
}

/** The limits, including the built-in ones. */
export function effectiveDefaults(set: PolicySet): EffectiveValue[] {
  return (['children', 'depth', 'open', 'storage'] as const).map((key) => {
    const { policy, text } = defaultedLimit(set, key);
    const others = set.policies.flatMap(({ kind, name, spec }) => {
      const said = spec?.limits?.[key];
      return said === undefined || `${kind}/${name}` === policy ? [] : [`${said} (${kind}/${name})`];
    });
    return {
      field: `limits.${key}`,
      value: text,
      policy,
      path: policy === 'Sentinel' ? 'default' : `limits.${key}`,
      ...(others.length === 0 ? {} : { insteadOf: others }),
    };
  });
}
