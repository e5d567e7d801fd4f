import type { Effect, FieldChange, RiskPart } from '@sentinel/crds';
import { dataDependants, holdsData } from '../holds-data.ts';
import { carriesMeaning } from '../meaningful-metadata.ts';
import { part } from '../part.ts';
import { MANY, type RiskRuleName } from '../rules.ts';
import { baseOf, namesOf, shortList } from '../words.ts';

/** The writes, by verb and kind, whether they can be rolled back, and how many there are. */
export function partsOfWrites(effects: readonly Effect[], hasRollback: boolean | undefined): RiskPart[] {
  const of = (rule: RiskRuleName, chosen: readonly Effect[], one: string, many: string) =>
    part(rule, chosen.length, `${namesOf(chosen)}: ${chosen.length === 1 ? one : many}`);
  const [deletes, others] = split(effects, ({ verb }) => verb === 'delete');
  const [ofData, ofRest] = split(deletes, holdsData);
  const [withData, ofOthers] = split(ofRest, (effect) => dataDependants(effect).length > 0);
  const unsure = deletes.filter(({ deletion }) => deletion?.incomplete !== undefined);
  const [ofMetadata, ofObjects] = split(others, isMetadataOnly);
  const ending = others.filter((effect) => mayDelete(effect) !== undefined);
  const [endingData, endingOthers] = split(
    ending,
    (effect) => holdsData(effect) || dropsVolumes(effect) || effect.deletesData !== undefined,
  );
  const irreversible = others.filter(({ reversible }) => !reversible);
  return [
    ...of('metadata', ofMetadata, 'changes labels or annotations only', 'change labels or annotations only'),
    ...of('write', ofObjects, 'changes an object', 'change objects'),
    ...of('delete', ofOthers, 'deletes an object', 'delete objects'),
    ...of('delete-data', ofData, 'deletes what holds data', 'delete what holds data'),
    ...of('delete-data', withData, takesAlong(withData), takesAlong(withData)),
    ...of('dependants-unknown', unsure, 'may delete more than was found', 'may delete more than was found'),
    ...of('delete', endingOthers, 'may delete an object', 'may delete objects'),
    ...of('delete-data', endingData, 'may delete what holds data', 'may delete what holds data'),
    ...of('irreversible', irreversible, 'cannot be rolled back', 'cannot be rolled back'),
    ...(hasRollback === false ? part('no-rollback', Math.min(1, effects.length), 'the Playbook has no rollback') : []),
    ...(effects.length > MANY ? part('many', 1, `${effects.length} writes are more than ${MANY}`) : []),
  ];
}

/** Whether an effect is known to change labels or annotations and nothing else, and none that carries meaning for the API. */
export function isMetadataOnly(effect: Effect): boolean {
  const { verb, change = [], hiddenChanges, more } = effect;
  if (verb === 'create' || verb === 'delete' || hiddenChanges || more || change.length === 0) return false;
  if (change.some(({ path }) => carriesMeaning(baseOf(effect), path))) return false;
  return change.every(({ path }) => /^\/metadata\/(labels|annotations)\//.test(path));
}

/** Whether a write makes its object, also where it is an apply of one that does not exist: the kind of one that is never changes. */
export const isMade = ({ verb, change = [] }: Effect): boolean =>
  verb === 'create' || change.some(({ path, before }) => before === undefined && (path === '' || path === '/kind'));

/** Why a write that is not a delete may end in one; undefined when it does not. What is made has owners and finalizers of its own. */
export function mayDelete(effect: Effect): string | undefined {
  if (effect.verb === 'delete' || isMade(effect)) return undefined;
  if (effect.deletesData !== undefined) return effect.deletesData;
  const changes = (field: string) => (effect.change ?? []).some(({ path }) => `${path}/`.startsWith(`/metadata/${field}/`));
  if (changes('ownerReferences')) return 'its ownerReferences change; the object is deleted when its owners are gone';
  if (changes('finalizers')) return 'its finalizers change; if the object is being deleted, its deletion can now complete';
  return dropsVolumes(effect) ? 'its volumes are deleted with it or with its pods' : undefined;
}

const dropsVolumes = ({ change = [] }: Effect) => change.some(retainsNoVolume);
// A field of which no value is shown may say Delete as well.
const retainsNoVolume = ({ path, before, after }: FieldChange) =>
  /\/persistentVolumeClaimRetentionPolicy(\/|$)/.test(path) &&
  (after === undefined ? before === undefined : after.includes('"Delete"'));

// What is said of many is said of all of them together.
function takesAlong(effects: readonly Effect[]): string {
  const kinds = Map.groupBy(effects.flatMap(dataDependants), ({ kind }) => kind);
  const counted = [...kinds].map(([kind, of]) => `${of.reduce((sum, one) => sum + one.count, 0)} ${kind}`);
  return `${effects.length === 1 ? 'deletes' : 'delete'} what may hold data with it: ${shortList(counted)}`;
}

function split(effects: readonly Effect[], is: (effect: Effect) => boolean): [Effect[], Effect[]] {
  return [effects.filter(is), effects.filter((effect) => !is(effect))];
}
