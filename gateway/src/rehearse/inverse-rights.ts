import { type ObservedEffect, virtualUser } from '@sentinel/crds';
import type { KubeClient } from '@sentinel/kube';
import type { Right } from '@sentinel/policy';
import type { Run } from '../run/run.ts';

/** The account in the real run has the right. */
export type MayDo = (right: Right) => Promise<boolean>;

const NOTES = 8;

/** The verbs that a rollback of an effect needs: it reads the object, then undoes the change of the run. */
export function inverseVerbs({ verb, uid }: Pick<ObservedEffect, 'verb' | 'uid'>): readonly string[] {
  if (verb === 'delete') return [];
  // A patch that found no object creates one.
  if (verb === 'create' || uid === undefined) return ['get', 'delete'];
  return ['get', verb];
}

/** Adds to each effect whether the account may roll it back. */
export async function withInverseRights(mayDo: MayDo, effects: readonly ObservedEffect[]): Promise<ObservedEffect[]> {
  const asked = new Map<string, Promise<boolean>>();
  const once = (right: Right) => {
    const key = JSON.stringify(right);
    const answer = asked.get(key) ?? mayDo(right);
    asked.set(key, answer);
    return answer;
  };
  const found: ObservedEffect[] = [];
  for (const effect of effects) {
    const missing = effect.reversible ? await missingVerb(once, effect) : undefined;
    if (missing === undefined) {
      found.push(effect);
      continue;
    }
    const note =
      `It cannot be rolled back: the account of the run (accounts.sentinel.dev) has no right to ${missing} ${effect.resource} '${effect.name}'.`.slice(
        0,
        512,
      );
    found.push({ ...effect, reversible: false, notes: [note, ...(effect.notes ?? [])].slice(0, NOTES) });
  }
  return found;
}

// Most accounts have their rights for all names; then one check is enough for all objects of a kind.
async function missingVerb(mayDo: MayDo, effect: ObservedEffect): Promise<string | undefined> {
  const { apiGroup: group, namespace, name } = effect;
  const [resource = '', subresource] = effect.resource.split('/');
  const of = {
    group,
    resource,
    ...(subresource === undefined ? {} : { subresource }),
    ...(namespace === undefined ? {} : { namespace }),
  };
  for (const verb of inverseVerbs(effect))
    if (!(await mayDo({ verb, ...of })) && !(await mayDo({ verb, ...of, name }))) return verb;
  return undefined;
}

/** Checks the rights of the account of a run as the real run will use it. */
export const mayAccount =
  (client: KubeClient, { namespace, account }: Pick<Run, 'namespace' | 'account'>): MayDo =>
  async (right) => {
    const review = await client.subjectAccessReview({
      user: virtualUser('enforce', namespace, account),
      // An impersonated user gets this group from the API server.
      groups: ['system:authenticated'],
      resourceAttributes: { ...right },
    });
    return review.allowed && !review.denied;
  };
