import { tokensOf } from '../rules/compile.ts';
import { mayHaveOption, mayHoldOption, mayMatch, surelyMatches, type Tokens } from '../rules/match.ts';
import { mayBeOption, type Unknown, type Word } from '../shell/words.ts';
import { withAliases } from './kubectl-aliases.ts';
import { widthOf } from './options.ts';

/** A line of a built-in list. All of its conditions must be satisfied. */
export interface Line {
  readonly name: string;
  readonly programs: readonly string[];
  /** Subcommands as the prefixes of rules have them, such as `rollout status|history`; one of them. */
  readonly subcommands?: readonly string[];
  /** One of these options; a safe line must have none of them. */
  readonly options?: readonly string[];
  /** Only options before the subcommand count. */
  readonly onlyBefore?: boolean;
  /** One argument that looks like this; a safe line must have none that does. */
  readonly words?: RegExp;
  /** The known beginning of a partly unknown argument that cannot be one of `words`, in a safe line. */
  readonly sure?: RegExp;
  /** One argument that begins like this, in a line that stops. Unlike with `words`, the literal beginning of an unknown one says it. */
  readonly starts?: RegExp;
  /** All arguments, parted by spaces, look like this. */
  readonly exactly?: RegExp;
  readonly reason: string;
}

type Indexed = ReadonlyMap<string, readonly { readonly line: Line; readonly prefixes: readonly Tokens[] }[]>;

/** Lines by the programs that they name; of those that stop, a subcommand stands for all its names. */
export function indexLines(lines: readonly Line[], { stops }: { readonly stops: boolean }): Indexed {
  const byProgram = new Map<string, { line: Line; prefixes: Tokens[] }[]>();
  for (const line of lines) {
    for (const program of line.programs) {
      const prefixes = (line.subcommands ?? []).map((subcommand) => {
        const tokens = tokensOf(['*', ...subcommand.split(' ')]);
        return stops ? withAliases([program], tokens) : tokens;
      });
      byProgram.set(program, [...(byProgram.get(program) ?? []), { line, prefixes }]);
    }
  }
  return byProgram;
}

/** The dangerous line that may match a command; `name` is its program without path and version. */
export function dangerousLine(lines: Indexed, name: string, words: readonly Word[]): Line | undefined {
  return lineOf(lines, name, words, mayMatch, (line, rest) => {
    if (line.words !== undefined && !rest.some((word) => typeof word === 'object' || line.words?.test(word))) return false;
    if (line.starts !== undefined && !rest.some((word) => mayStart(line.starts as RegExp, word))) return false;
    if (!line.options) return true;
    // find and its like, whose options are long with one dash, read them after '--' as well.
    const free = withoutValues(name, line.onlyBefore ? beforeSubcommand(name, rest) : rest);
    return line.options.some((option) => mayHaveOption(free, option, option.length === 2 || option.startsWith('--'), name));
  });
}

const mayStart = (pattern: RegExp, word: Word): boolean =>
  typeof word === 'string' ? pattern.test(word) : mayHoldOption(word) || pattern.test(word.prefix);

// The line with a prefix that the words match and of which the rest is true as well. Most lines are about another subcommand, which
// costs least to see.
function lineOf(
  lines: Indexed,
  name: string,
  words: readonly Word[],
  match: typeof mayMatch,
  applies: (line: Line, rest: readonly Word[]) => boolean,
): Line | undefined {
  const candidates = lines.get(name);
  if (!candidates) return undefined;
  const rest = words.slice(1);
  const body = ['*', ...rest];
  // No closures here and below: this is asked of each line of a program, for each command.
  for (const { line, prefixes } of candidates) if (begins(match, name, prefixes, body) && applies(line, rest)) return line;
  return undefined;
}

// Whether the words begin with one of the prefixes; a line without any is about all of the program.
function begins(match: typeof mayMatch, name: string, prefixes: readonly Tokens[], body: readonly Word[]): boolean {
  for (const tokens of prefixes) if (match(name, tokens, body)) return true;
  return prefixes.length === 0;
}

/** The safe line that certainly matches a command. */
export function safeLine(lines: Indexed, name: string, words: readonly Word[]): Line | undefined {
  return lineOf(lines, name, words, surelyMatches, (line, rest) => {
    if (line.options?.some((option) => mayHaveOption(rest, option, false, name))) return false;
    if (line.words && rest.some((word) => (typeof word === 'object' ? !isSure(line, word) : line.words?.test(word))))
      return false;
    return !line.exactly || isExactly(line.exactly, rest);
  });
}

const isSure = ({ words, sure }: Line, { prefix, many }: Unknown): boolean =>
  sure !== undefined && !many && sure.test(prefix) && !words?.test(prefix);

// What may stand before the subcommand: an option that is not known may have taken it for its value.
function beforeSubcommand(name: string, words: readonly Word[]): readonly Word[] {
  let at = 0;
  for (; at < words.length; ) {
    const word = words[at];
    if (typeof word !== 'string' || (word.startsWith('-') && widthOf(name, word) === undefined)) return words;
    if (!word.startsWith('-')) break;
    at += widthOf(name, word) ?? 1;
  }
  return words.slice(0, at);
}

// An unknown value of an option that is known to take one is not an option itself.
const withoutValues = (name: string, words: readonly Word[]): readonly Word[] =>
  words.filter((word, at) => typeof word === 'string' || word.many || !isValue(name, words, at));

// Behind `-n -n` stands no value: the second is that of the first.
function isValue(name: string, words: readonly Word[], at: number): boolean {
  const [first, option] = [words[at - 2] ?? '', words[at - 1]];
  if (typeof option !== 'string' || widthOf(name, option) !== 2) return false;
  if (typeof first === 'object') return !mayHoldOption(first);
  return !first.startsWith('-') || widthOf(name, first) === 1;
}

function isExactly(pattern: RegExp, rest: readonly Word[]): boolean {
  const texts = rest.map((word) => (typeof word === 'string' ? word : word.many || mayBeOption(word) ? undefined : word.prefix));
  return texts.every((text) => text !== undefined) && pattern.test(texts.join(' '));
}
