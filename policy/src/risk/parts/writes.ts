import type { Effect, RiskPart } from '@sentinel/crds';
import { part } from '../part.ts';
import { MANY, type RiskRuleName } from '../rules.ts';
import { baseOf, namesOf } from '../words.ts';

const holdsData = new Set([
  'persistentvolumeclaims',
  'persistentvolumes',
  'volumesnapshots',
  'volumesnapshotcontents',
  'statefulsets',
  'configmaps',
  'secrets',
  'namespaces',
  'customresourcedefinitions',
]);

/** What is written, by verb and kind, whether it can be taken back, and how much of it there is. */
export function partsOfWrites(effects: readonly Effect[], wayBack: boolean | undefined): RiskPart[] {
  const of = (rule: RiskRuleName, chosen: readonly Effect[], one: string, many: string) =>
    part(rule, chosen.length, `${namesOf(chosen)}: ${chosen.length === 1 ? one : many}`);
  const [deletes, others] = split(effects, ({ verb }) => verb === 'delete');
  const [ofData, ofOthers] = split(deletes, (effect) => holdsData.has(baseOf(effect)));
  const [ofMetadata, ofObjects] = split(others, isMetadataOnly);
  const irreversible = others.filter(({ reversible }) => !reversible);
  return [
    ...of('metadata', ofMetadata, 'changes labels or annotations only', 'change labels or annotations only'),
    ...of('write', ofObjects, 'changes an object', 'change objects'),
    ...of('delete', ofOthers, 'deletes an object', 'delete objects'),
    ...of('delete-data', ofData, 'deletes what holds data', 'delete what holds data'),
    ...of('irreversible', irreversible, 'can not be taken back', 'can not be taken back'),
    ...(wayBack === false ? part('no-way-back', Math.min(1, effects.length), 'the Playbook has no way back') : []),
    ...(effects.length > MANY ? part('many', 1, `${effects.length} writes are more than ${MANY}`) : []),
  ];
}

/** Whether an effect is known to change labels or annotations and nothing else. Labels of a pod say which policies and Services it is under. */
export function isMetadataOnly(effect: Effect): boolean {
  const { verb, change = [], hiddenChanges } = effect;
  if (verb === 'create' || verb === 'delete' || hiddenChanges || change.length === 0) return false;
  if (baseOf(effect) === 'pods' && change.some(({ path }) => path.startsWith('/metadata/labels/'))) return false;
  return change.every(({ path }) => /^\/metadata\/(labels|annotations)\//.test(path));
}

function split(effects: readonly Effect[], is: (effect: Effect) => boolean): [Effect[], Effect[]] {
  return [effects.filter(is), effects.filter((effect) => !is(effect))];
}
