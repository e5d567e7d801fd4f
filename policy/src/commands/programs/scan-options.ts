import { mayBeOption, type Word } from '../shell/words.ts';

/** How the options of a program are read. */
export interface OptionSpec {
  /** Letters without a value. */
  readonly flags?: string;
  /** Letters with a value, attached or in the next word. */
  readonly values?: string;
  /** Long options without a value, or with one that is attached. */
  readonly long?: readonly string[];
  /** Long options whose value may be the next word. */
  readonly longValues?: readonly string[];
  /** Whether `-5` is an option. */
  readonly numbers?: boolean;
  /** Whether `+x` options exist as well. */
  readonly plus?: boolean;
}

export interface Scanned {
  readonly options: readonly (readonly [string, Word | undefined])[];
  readonly rest: readonly Word[];
  /** Why the end of the options cannot be determined. */
  readonly fault: string | undefined;
}

/** Reads options up to the first operand. */
export function scanOptions(words: readonly Word[], spec: OptionSpec): Scanned {
  const options: [string, Word | undefined][] = [];
  let at = 0;
  const end = (fault?: string): Scanned => ({ options, rest: words.slice(at), fault });
  for (; at < words.length; at++) {
    const word = words[at];
    if (word === undefined) break;
    if (typeof word === 'object') return end(mayBeOption(word) || word.many ? 'an unknown word may be an option' : undefined);
    if (word === '--') {
      at += 1;
      return end();
    }
    if (word === '-' || !(word.startsWith('-') || (spec.plus && word.startsWith('+')))) return end();
    if (spec.numbers && /^[-+]+[0-9.]+$/.test(word)) {
      options.push(['-', word]);
      continue;
    }
    const taken = word.startsWith('--')
      ? takeLong(word, words[at + 1], spec, options)
      : takeShort(word, words[at + 1], spec, options);
    if (taken === undefined) return end(`the option '${word}' is not known`);
    const value = words[at + 1];
    if (taken === 2 && typeof value === 'object' && value.many)
      return end('an unknown number of words is the value of an option');
    at += taken - 1;
  }
  return end();
}

type Options = [string, Word | undefined][];

function takeLong(word: string, next: Word | undefined, spec: OptionSpec, options: Options): 1 | 2 | undefined {
  const [name = '', ...rest] = word.split('=');
  if (spec.longValues?.includes(name)) {
    options.push([name, rest.length > 0 ? rest.join('=') : next]);
    return rest.length > 0 ? 1 : 2;
  }
  if (!spec.long?.includes(name)) return undefined;
  options.push([name, rest.length > 0 ? rest.join('=') : undefined]);
  return 1;
}

function takeShort(word: string, next: Word | undefined, spec: OptionSpec, options: Options): 1 | 2 | undefined {
  const sign = word[0] ?? '-';
  for (let at = 1; at < word.length; at++) {
    const letter = word[at] ?? '';
    if (spec.values?.includes(letter)) {
      const attached = word.slice(at + 1);
      options.push([sign + letter, attached === '' ? next : attached]);
      return attached === '' ? 2 : 1;
    }
    if (!spec.flags?.includes(letter)) return undefined;
    options.push([sign + letter, undefined]);
  }
  return 1;
}
