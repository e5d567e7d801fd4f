import type { ParsedScript } from 'unbash';
import { showWord, type Word } from '../shell/words.ts';
import { bounds } from './bounds.ts';

/** A simple command of a command line. */
export interface FoundCommand {
  readonly words: readonly Word[];
  /** What it was found under, outermost first, such as `bash -c` and `xargs`. */
  readonly chain: readonly string[];
  /**
   * A `Wrapper` only starts another command, so no rule has to allow it. A `Guess` is where a command may begin, or is part of a script with
   * faults: rules can deny it, but not allow it.
   */
  readonly role: 'Command' | 'Wrapper' | 'Guess';
}

/** Findings about a command line, in addition to its simple commands. */
export interface Concern {
  /**
   * `Opaque`: can't be resolved; `Subcommand`: which one a program runs is not certain; `Variable`, `Shadow`: changes what names mean;
   * `Write`: a file is written by a redirection.
   */
  readonly kind: 'Opaque' | 'Subcommand' | 'Variable' | 'Shadow' | 'Write';
  /** The text that it is about. */
  readonly subject: string;
  readonly why: string;
  readonly chain: readonly string[];
}

/** Collects findings, within bounds. */
export interface Finder {
  readonly commands: FoundCommand[];
  readonly concerns: Concern[];
  nodes: number;
}

/** The known state of a shell at one point of a script. */
export interface Scope {
  /** Variables whose value is certain. */
  readonly values: Map<string, string>;
  /** Variables whose value certainly comes from the script, and not from its environment. */
  readonly given: Set<string>;
  /** `$0` and the arguments of the script; undefined inside a function, which has other arguments. */
  positional: readonly Word[] | undefined;
  /** Functions that are certainly defined. */
  readonly functions: Set<string>;
  /** No variable is certain here: a loop body may have changed any of them. */
  readonly uncertain: boolean;
  readonly script: ScriptFacts;
}

/** Facts about a whole script. */
export interface ScriptFacts {
  readonly dialect: 'bash' | 'posix' | 'zsh' | 'ksh';
  /** Variables that only ever hold numbers. */
  readonly numeric: ReadonlySet<string>;
  /** Variables that may be arrays: a list that one is declared with is evaluated. */
  readonly arrays: Set<string>;
  /** No variable is certain any more: a trap or an attribute may change one at any time. */
  blind: boolean;
  /** The arguments of the script are not certain any more: evaluated text may change them at any time, or run where they are others. */
  resets: boolean;
  /** Functions may be gone by the time they are called. */
  forgetful: boolean;
  /** Redirections that never fail otherwise may fail: it closes a descriptor, or bounds how many there are. */
  readonly closes: boolean;
  /** Functions that it defines anywhere: they may assign whatever they like wherever they are called. */
  readonly callsBack: ReadonlySet<string>;
}

/** The context in which a part of a command line is analyzed. */
export interface Place {
  readonly finder: Finder;
  readonly chain: readonly string[];
  readonly depth: number;
  /** All findings here are guesses. */
  readonly guess: boolean;
  readonly scope: Scope | undefined;
  readonly analyzer: Analyzer;
}

/** Analyzes commands and scripts. It is part of each context, so that the tables of programs and builtins need not import the interpreter. */
export interface Analyzer {
  /** Analyzes one simple command and the commands that it starts. */
  readonly readCommand: (words: readonly Word[], place: Place) => void;
  /** Analyzes the commands of a script that runs in a separate shell. */
  readonly readScript: (text: string, dialect: ScriptFacts['dialect'], positional: readonly Word[], place: Place) => void;
  /** Analyzes a script of which only the beginning is known: rules can deny its commands, but not allow them. */
  readonly guessScript: (beginning: string, place: Place) => void;
  /** Analyzes the commands of a text that the current shell evaluates. */
  readonly evaluate: (text: string, place: Place) => void;
  /** Analyzes the commands of a parsed script. */
  readonly readTree: (tree: ParsedScript, place: Place) => void;
}

/** A finder without findings. */
export const newFinder = (): Finder => ({ commands: [], concerns: [], nodes: 0 });

/** A copy for commands that run in a subshell or conditionally. */
export const copyScope = (scope: Scope): Scope => ({
  ...scope,
  values: new Map(scope.values),
  given: new Set(scope.given),
  functions: new Set(scope.functions),
});

/** Records a concern, once, up to the bound. */
export function note(place: Place, kind: Concern['kind'], subject: string, why: string): void {
  const { concerns } = place.finder;
  const short = subject.length > 120 ? `${subject.slice(0, 119)}…` : subject;
  if (concerns.some((one) => one.kind === kind && one.subject === short && one.why === why)) return;
  // One of each kind is always kept, so that many of one kind cannot hide another.
  if (concerns.length >= bounds.concerns && concerns.some((one) => one.kind === kind)) return;
  concerns.push({ kind, subject: short, why, chain: place.chain });
}

export const noteOpaque = (place: Place, words: Word | readonly Word[], why: string): void =>
  note(place, 'Opaque', Array.isArray(words) ? words.map(showWord).join(' ') : showWord(words as Word), why);

/** Adds a simple command. False if the bound is reached, so that the analysis can stop. */
export function add(place: Place, words: readonly Word[], role: FoundCommand['role']): boolean {
  const { finder, chain } = place;
  if (finder.commands.length >= bounds.commands) {
    note(place, 'Opaque', '…', `it holds more than ${bounds.commands} commands`);
    return false;
  }
  if (words.length > bounds.words) note(place, 'Opaque', showWord(words[0] ?? ''), `it has more than ${bounds.words} words`);
  finder.commands.push({ words: words.slice(0, bounds.words), chain, role: place.guess ? 'Guess' : role });
  return true;
}

/** Analyzes a command that a program starts, without the functions and variables of the shell. */
export function readStarted(words: readonly Word[], place: Place): void {
  place.analyzer.readCommand(words, { ...place, scope: undefined });
}

/** Notes that a command begins somewhere among the words, but not where. */
export function readSomewhere(words: readonly Word[], why: string, place: Place): void {
  noteOpaque(place, words, why);
  for (let at = 0; at < Math.min(words.length, 12); at++) {
    const word = words[at];
    if (typeof word === 'string' && !word.startsWith('-')) add(place, words.slice(at), 'Guess');
  }
}

/** Notes that no command can be read. */
export const opaque = (words: readonly Word[], why: string, place: Place): void =>
  note(place, 'Opaque', words.map(showWord).join(' '), why);
