import { digestOf } from '@sentinel/crds';
import { dangerous } from '../programs/dangerous.ts';
import { dangerousLine, type Line, safeLine } from '../programs/lines.ts';
import { baseName, isTrustedPath, operandsWrittenOut, otherNames, withoutVersion } from '../programs/program-names.ts';
import { safe } from '../programs/safe.ts';
import { isPlain } from '../rules/match.ts';
import type { Word } from '../shell/words.ts';
import type { Concern, FoundCommand } from './finder.ts';
import { readArgv } from './read-argv.ts';

/** One possible reading of a simple command, with a literal name. */
export interface NamedReading {
  readonly program: string;
  readonly words: readonly Word[];
  readonly plain: boolean;
}

/** A simple command with all facts that do not depend on policies. */
export interface PreparedCommand {
  readonly found: FoundCommand;
  /** As written; undefined if its program is not literal. */
  readonly itself: NamedReading | undefined;
  /** Its equivalent forms for rules that deny: other names, and expanded operands. */
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

// Cached by content: the steps of a Playbook are evaluated again at admission, for the plan, at the start and before each write, and are the same
// each time. Entries are stored on their second use, because most commands occur only once. Long scripts are the most expensive to parse, so they
// are cached as well, up to a total number of characters.
const known = new Map<string, PreparedArgv>();
const seen = new Set<string>();
const KNOWN_MAX = 500;
const KNOWN_CHARACTERS = 500_000;
/** A longer key is kept by its digest. */
const KEY_MAX = 4_000;
let characters = 0;

/** Analyzes a command line once for all policies, with a cache for repeated steps. */
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
