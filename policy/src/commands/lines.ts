import { withAliases } from './aliases.ts';
import { mayHaveOption, mayMatch, surelyMatches, type Tokens } from './match.ts';
import { widthOf } from './options.ts';
import { tokensOf } from './rules.ts';
import { mayBeOption, type Word } from './words.ts';

/** A line of a built-in list. All that it states must hold. */
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

/** The dangerous line that a command may fall under; `name` is its program without path and version. */
export function dangerousLine(lines: Indexed, name: string, words: readonly Word[]): Line | undefined {
  return lines.get(name)?.find(({ line, prefixes }) => {
    const rest = words.slice(1);
    // find and its like, whose options are long with one dash, read them after '--' as well.
    const free = withoutValues(name, line.onlyBefore ? beforeSubcommand(name, rest) : rest);
    const hasOption =
      line.options?.some((option) => mayHaveOption(free, option, option.length === 2 || option.startsWith('--'), name)) ?? true;
    const hasWord = line.words === undefined || rest.some((word) => typeof word === 'object' || line.words?.test(word));
    const body = ['*', ...rest];
    return hasOption && hasWord && (prefixes.length === 0 || prefixes.some((tokens) => mayMatch(name, tokens, body)));
  })?.line;
}

/** The safe line that a command surely falls under. */
export function safeLine(lines: Indexed, name: string, words: readonly Word[]): Line | undefined {
  return lines.get(name)?.find(({ line, prefixes }) => {
    const rest = words.slice(1);
    if (line.options?.some((option) => mayHaveOption(rest, option, false, name))) return false;
    if (line.words && rest.some((word) => (typeof word === 'object' ? true : line.words?.test(word)))) return false;
    if (line.exactly && !isExactly(line.exactly, rest)) return false;
    return prefixes.length === 0 || prefixes.some((tokens) => surelyMatches(name, tokens, ['*', ...rest]));
  })?.line;
}

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

// An unknown value of an option that is known to take one is no option itself.
function withoutValues(name: string, words: readonly Word[]): readonly Word[] {
  return words.filter((word, at) => {
    const before = words[at - 1];
    return typeof word === 'string' || word.many || typeof before !== 'string' || widthOf(name, before) !== 2;
  });
}

function isExactly(pattern: RegExp, rest: readonly Word[]): boolean {
  const texts = rest.map((word) => (typeof word === 'string' ? word : mayBeOption(word) ? undefined : word.prefix));
  return texts.every((text) => text !== undefined) && pattern.test(texts.join(' '));
}
