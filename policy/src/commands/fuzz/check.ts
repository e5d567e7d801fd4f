import { type CommandReading, readArgv } from '../analyze/read-argv.ts';
import type { Word } from '../shell/words.ts';
import type { Sample } from './grammar.ts';

/** How what was read compares with what was executed. */
export interface Comparison {
  /** Commands that ran, were not found, and with nothing said of it: each is a hole. */
  readonly missed: readonly (readonly string[])[];
  /** Commands that ran and were not found, but the whole was flagged. */
  readonly flagged: number;
  /** Commands that ran and were found. */
  readonly found: number;
  readonly opaque: boolean;
  readonly reading: CommandReading;
}

/** Compares a sample's reading with the commands that it really executed. */
export function compare(sample: Sample, executed: readonly (readonly string[])[]): Comparison {
  const reading = readArgv([sample.shell, '-c', sample.script]);
  // What a program makes of its own options excuses nothing that is missed here.
  const opaque = reading.concerns.some(({ kind }) => kind !== 'Write' && kind !== 'Subcommand');
  const unfound = executed.filter((argv) => !reading.commands.some(({ words }) => fits(words, argv)));
  return {
    missed: opaque ? [] : unfound,
    flagged: opaque ? unfound.length : 0,
    found: executed.length - unfound.length,
    opaque,
    reading,
  };
}

/** Whether words, some of them unresolved, became this argv. */
export function fits(words: readonly Word[], argv: readonly string[]): boolean {
  const [word, ...rest] = words;
  if (word === undefined) return argv.length === 0;
  const [first, ...others] = argv;
  if (typeof word === 'string') return word === first && fits(rest, others);
  if (!word.many) return first?.startsWith(word.prefix) === true && fits(rest, others);
  if (fits(rest, argv)) return true;
  if (!first?.startsWith(word.prefix)) return false;
  for (let taken = 1; taken <= argv.length; taken++) if (fits(rest, argv.slice(taken))) return true;
  return false;
}
