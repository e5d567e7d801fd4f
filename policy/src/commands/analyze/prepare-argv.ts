import { digestOf } from '@sentinel/crds';
import { dangerous } from '../programs/dangerous.ts';
import { dangerousLine, type Line, safeLine } from '../programs/lines.ts';
import { baseName, isTrustedPath, operandsWrittenOut, otherNames, withoutVersion } from '../programs/program-names.ts';
import { safe } from '../programs/safe.ts';
import { isPlain } from '../rules/match.ts';
import type { Word } from '../shell/words.ts';
import type { Concern, FoundCommand } from './finder.ts';
import { readArgv } from './read-argv.ts';

/** One way to read a simple command, under a name that is literal. */
export interface NamedReading {
  readonly program: string;
  readonly words: readonly Word[];
  readonly plain: boolean;
}

/** A simple command with all that is known of it before any policy is asked. */
export interface PreparedCommand {
  readonly found: FoundCommand;
  /** As it stands; undefined where its program is not literal. */
  readonly itself: NamedReading | undefined;
  /** What it is to whoever would stop it: under other names, with its operands written out. */
  readonly others: readonly NamedReading[];
  readonly danger: Line | undefined;
  /** The name under which it is dangerous. */
  readonly name: string;
  readonly safe: Line | undefined;
}

/** A command line, read. */
export interface PreparedArgv {
  readonly commands: readonly PreparedCommand[];
  readonly concerns: readonly Concern[];
}

// By content: the steps of a Playbook are judged again at admission, for the plan, at the start and before each write, and are the same
// each time. Kept from the second time on: most of what is judged once never comes back, and what is kept is what collecting garbage
// costs. Long scripts are what costs most to read, so they are kept as well, up to a sum of characters.
const known = new Map<string, PreparedArgv>();
const seen = new Set<string>();
const KNOWN_MAX = 500;
const KNOWN_CHARACTERS = 500_000;
/** A longer key is kept by its digest. */
const KEY_MAX = 4_000;
let characters = 0;

/** Reads a command line once for all policies. What comes again is kept, so that the same step is not read each time. */
export function prepareArgv(argv: readonly string[], variables: readonly string[]): PreparedArgv {
  const text = JSON.stringify([argv, variables]);
  const key = text.length > KEY_MAX ? digestOf(text) : text;
  const before = known.get(key);
  if (before) return before;
  const { commands, concerns } = readArgv(argv, variables);
  const prepared = { commands: commands.map(prepare), concerns };
  if (seen.delete(key)) keep(key, prepared, text.length);
  else {
    if (seen.size >= KNOWN_MAX) seen.clear();
    seen.add(key);
  }
  return prepared;
}

function keep(key: string, prepared: PreparedArgv, size: number): void {
  if (known.size >= KNOWN_MAX || characters + size > KNOWN_CHARACTERS) {
    known.clear();
    characters = 0;
  }
  if (size > KNOWN_CHARACTERS) return;
  known.set(key, prepared);
  characters += size;
}

function prepare(found: FoundCommand): PreparedCommand {
  const { words } = found;
  const others = otherNames(words);
  const readings = [...others, ...operandsWrittenOut(words, others)].flatMap((line) => readingOf(line) ?? []);
  const program = words[0];
  if (typeof program !== 'string')
    return { found, itself: undefined, others: readings, danger: undefined, name: '', safe: undefined };
  const base = baseName(program);
  const name = safe.has(base) || dangerous.has(base) ? base : withoutVersion(base);
  return {
    found,
    itself: readingOf(words),
    others: readings,
    danger: dangerousLine(dangerous, name, words) ?? dangerousOther(others),
    name,
    safe: isTrustedPath(program) ? safeLine(safe, base, words) : undefined,
  };
}

function readingOf(words: readonly Word[]): NamedReading | undefined {
  const program = words[0];
  return typeof program === 'string' ? { program, words, plain: isPlain(words) } : undefined;
}

function dangerousOther(lines: readonly (readonly Word[])[]): Line | undefined {
  for (const words of lines) {
    const line = typeof words[0] === 'string' ? dangerousLine(dangerous, words[0], words) : undefined;
    if (line) return line;
  }
  return undefined;
}
