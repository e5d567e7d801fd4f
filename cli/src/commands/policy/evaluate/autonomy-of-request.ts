import { type AgentActionSpec, count, PlaybookSpec } from '@sentinel/crds';
import { type ApiRequest, autoReviewAt, type PolicySet } from '@sentinel/policy';
import { visible } from '../../../terminal/visible.ts';
import { changed, effectOf } from './effects.ts';
import { judgeRehearsed } from './rehearsed.ts';
import { TAKEN_FOR_GIVEN, type Work, workOf } from './work.ts';

/** Whether a change could start without a person: in which way, or why not. */
export interface Autonomy {
  readonly when: readonly string[];
  readonly notBecause: readonly string[];
}

const intent = { summary: 'a change' };
const steps = [{ name: 'one', command: ['true'] }];

/** A Playbook that allows its plans to start without a person. */
export const autoPlaybook = (commands: readonly { name: string; command: string[] }[] = steps, image = 'image') =>
  PlaybookSpec.parse({
    category: 'Other',
    description: 'A change that starts without a person.',
    account: 'account',
    sandbox: { profile: 'Change', image },
    steps: commands,
    rollback: { from: 'PreImages' },
    autonomy: 'Auto',
  });

function ways(namespace: string): readonly { readonly by: string; readonly spec: AgentActionSpec; readonly work: Work }[] {
  const named: AgentActionSpec = { intent, playbookRef: { name: 'auto' }, mode: 'Apply', cancelled: false };
  const own: AgentActionSpec = { intent, steps, account: 'account', image: 'image', mode: 'Apply', cancelled: false };
  const playbook = { metadata: { name: 'auto', namespace }, spec: autoPlaybook() } as NonNullable<Work['playbook']>;
  return [
    { by: "a trusted Playbook whose autonomy is 'Auto'", spec: named, work: { playbook, trust: TAKEN_FOR_GIVEN, adHoc: false } },
    { by: 'ad-hoc steps', spec: own, work: workOf({ metadata: { name: 'own', namespace }, spec: own }, []) },
  ];
}

const contents = [
  { what: '', change: [changed('/spec')] },
  { what: ' if only labels or annotations change', change: [changed('/metadata/labels/x')] },
];

/**
 * Whether a plan with this single request could start without a person, if its commands do not need one. Undefined if no policy lets
 * any plan of its risk do so.
 */
export function autonomyOfRequest(set: PolicySet, namespace: string, request: ApiRequest): Autonomy | undefined {
  const when: string[] = [];
  const reasons: string[] = [];
  for (const { what, change } of request.verb === 'patch' || request.verb === 'update' ? contents : contents.slice(0, 1))
    for (const { by, spec, work } of ways(namespace)) {
      const target = request.namespace === undefined ? {} : { target: { namespaces: [request.namespace] } };
      const action = { metadata: { name: 'asked', namespace }, spec: { ...spec, ...target } };
      const { risk, person, refusals } = judgeRehearsed(set, {
        action,
        work,
        effects: [effectOf(request, change)],
        succeeded: undefined,
      });
      if (person === undefined || refusals.length > 0) continue;
      const { lines, runs } = autoReviewAt(set, risk.level);
      const earned = runs > 0 ? `, after ${count(runs, 'run')} that succeeded` : '';
      const rules = lines.map(({ policy, path }) => `${policy}: ${path}`).join(', ');
      if (person.length === 0) when.push(`${by}${what} at risk ${risk.level}${earned} (${rules})`);
      else if (!work.adHoc) reasons.push(...person);
    }
  if (when.length === 0 && reasons.length === 0) return undefined;
  return { when, notBecause: when.length > 0 ? [] : [...new Set(reasons)] };
}

/** The same as lines of text. */
export function autonomyInWords(autonomy: Autonomy | undefined): string[] {
  if (!autonomy) return [];
  return [
    ...autonomy.when.map((line) => `  without a person: by ${visible(line)}`),
    ...autonomy.notBecause.map((line) => `  needs a person: ${visible(line)}`),
  ];
}
