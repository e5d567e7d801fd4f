import type { Owned } from '../dependants/cascade.ts';
import type { Dependants } from '../dependants/dependants.ts';
import { groupDependants } from '../dependants/group.ts';
import type { FoundDependants } from '../effect/deletion.ts';
import type { Observation } from '../effect/observe.ts';
import { valueAt } from '../object/pointer.ts';
import type { ParsedRequest } from '../request/parse.ts';
import type { Run } from '../run/run.ts';

/** The space for names of dependants in one plan, and in one delete, in bytes. */
const PLAN_NAMES = 128 * 1024;
const EFFECT_NAMES = 8 * 1024;

/** The dependants of an object that a rehearsal deletes, after the writes so far. */
export async function rehearsedDependants(
  dependants: Pick<Dependants, 'of'>,
  run: Run,
  request: ParsedRequest,
  observed: Pick<Observation, 'live' | 'uid'>,
): Promise<FoundDependants> {
  const { effects } = run.recording;
  const found = await dependants.of(run, 'rehearsal', request, observed, afterRehearsal(run));
  const used = effects.reduce((sum, { deletion }) => sum + namesIn(deletion), 0);
  const room = Math.min(EFFECT_NAMES, PLAN_NAMES - used);
  return groupDependants(found.dependants, { namespace: request.api.namespace }, found.incomplete, room);
}

/** The state of a dependant after the writes of a rehearsal so far; undefined if they deleted it. */
export const afterRehearsal =
  ({ recording: { overlay } }: Pick<Run, 'recording'>) =>
  (owned: Owned): Owned | undefined => {
    const rehearsed = overlay.of(owned);
    if (rehearsed === undefined) return owned;
    return rehearsed === null ? undefined : { ...owned, owners: ownersOf(rehearsed) };
  };

function ownersOf(object: unknown): string[] {
  const owners = valueAt(object, '/metadata/ownerReferences');
  return Array.isArray(owners) ? owners.map((owner) => String(valueAt(owner, '/uid'))) : [];
}

const namesIn = (deletion: FoundDependants | undefined): number =>
  (deletion?.dependants ?? []).flatMap(({ names = [] }) => names).reduce((sum, name) => sum + Buffer.byteLength(name) + 4, 0);
