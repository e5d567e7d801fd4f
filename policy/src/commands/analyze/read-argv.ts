import { evaluate, guessScript, readScript, readTree } from '../shell/script.ts';
import { isSignificant } from '../shell/variables.ts';
import { type Analyzer, type Concern, type FoundCommand, newFinder, type Place, readStarted } from './finder.ts';
import { readCommand } from './read-command.ts';

/** The analysis of a command line, independent of policies. */
export interface CommandReading {
  readonly commands: readonly FoundCommand[];
  readonly concerns: readonly Concern[];
}

const analyzer: Analyzer = { readCommand, readScript, guessScript, evaluate, readTree };

/**
 * Finds every simple command that an argv runs, and what about it is unknown. `variables` are those that a step sets for it, as `NAME` or
 * `NAME=value`.
 */
export function readArgv(argv: readonly string[], variables: readonly string[] = []): CommandReading {
  const finder = newFinder();
  const place: Place = { finder, chain: [], depth: 0, guess: false, scope: undefined, analyzer };
  if (argv.length === 0 || argv[0] === '') {
    finder.concerns.push({ kind: 'Opaque', subject: '', why: 'it names no program', chain: [] });
  }
  for (const variable of variables) {
    const [name = ''] = variable.split('=', 1);
    if (isSignificant(name, variable === name ? undefined : variable.slice(name.length + 1)))
      finder.concerns.push({ kind: 'Variable', subject: name, why: 'it changes which programs run, or what they do', chain: [] });
  }
  try {
    readStarted(argv, place);
  } catch {
    // An error of the analysis says nothing about the shell, so the command is opaque.
    finder.concerns.push({ kind: 'Opaque', subject: argv[0] ?? '', why: 'it cannot be parsed', chain: [] });
  }
  return finder;
}
