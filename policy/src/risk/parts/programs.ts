import type { Effect, FieldChange, RiskPart } from '@sentinel/crds';
import { part } from '../part.ts';
import { namesOf } from '../words.ts';
import { partsOfImages } from './images.ts';
import { isMade } from './writes.ts';

/** Changed commands of containers, because they can run any program with the account and the Secrets of the workload. */
export function partsOfPrograms(effects: readonly Effect[]): RiskPart[] {
  const found = effects.flatMap((effect) => {
    const change = changesProgram(effect);
    return change === undefined ? [] : [{ effect, change }];
  });
  const [first] = found;
  const names = namesOf(found.map(({ effect }) => effect));
  return part('programs', found.length, `${names}: other programs in its containers: ${first?.change.path} changes`);
}

// What is made with an image comes with its programs, and counts by the image.
function changesProgram(effect: Effect): FieldChange | undefined {
  if (effect.verb === 'delete' || (isMade(effect) && partsOfImages([effect]).length > 0)) return undefined;
  return (effect.change ?? []).find(isProgram);
}

// Custom resources call them in their own ways.
const NAMED = '[A-Za-z]*[cC]ommands?|[A-Za-z]*[aA]rg(?:s|uments)|lifecycle|exec|[sS]cript|[eE]ntry[pP]oint';
const inPath = new RegExp(`/(${NAMED})(/|$)`);
const key = new RegExp(`^(${NAMED})$`);
const inValue = new RegExp(`"(${NAMED})":`);

// Labels, and contents of ConfigMaps, may be called like what is executed and are not.
function isProgram({ path, before, after }: FieldChange): boolean {
  if (/^\/(data|binaryData|stringData)(\/|$)|\/metadata\//.test(path)) return false;
  if (inPath.test(path)) return true;
  if (![before, after].some((value) => value !== undefined && inValue.test(value))) return false;
  const [known, programs] = [programsIn(before), programsIn(after)];
  // A value that is cut can't be compared.
  return !known || !programs || programs.some((program) => !known.includes(program));
}

function programsIn(text: string | undefined): string[] | undefined {
  if (text === undefined) return [];
  try {
    return programsOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** What each container of a value executes, with its name: one that executes what its image says by itself is one of them. */
function programsOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const entries = Object.entries(value);
  const executed = entries.filter(([name]) => key.test(name));
  const isContainer = Object.hasOwn(value, 'name') && Object.hasOwn(value, 'image');
  const own = executed.length > 0 || isContainer ? [JSON.stringify(['name' in value ? value.name : '', ...executed])] : [];
  return [...own, ...entries.flatMap(([, entry]) => programsOf(entry))];
}
