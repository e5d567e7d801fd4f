import { noteOpaque, opaque, type Place, type ScriptFacts } from '../analyze/finder.ts';
import { literal, type Word } from '../shell/words.ts';
import { scanOptions } from './scan-options.ts';

const spec = {
  flags: 'ceuxlfhvnbmBCEHPTpsira',
  values: 'oO',
  long: ['--login', '--norc', '--noprofile', '--posix', '--restricted', '--verbose', '--noediting', '--version', '--help'],
  longValues: ['--rcfile', '--init-file'],
  plus: true,
};
const options = /^(errexit|nounset|noglob|xtrace|verbose|pipefail|noclobber|errtrace|functrace|noexec|posix)$/;

// A lone dash ends the options, unless they had ended before.
function operandsOf(words: readonly Word[], rest: readonly Word[]): readonly Word[] {
  return rest[0] === '-' && words[words.length - rest.length - 1] !== '--' ? rest.slice(1) : rest;
}

/** Reads what a shell is told to run. Its script is read where it is an argument; anywhere else it is opaque. */
export const readShell =
  (dialect: ScriptFacts['dialect']) =>
  (words: readonly Word[], place: Place, name: string): void => {
    const scanned = scanOptions(words, spec);
    if (scanned.fault !== undefined) {
      noteOpaque(place, [name, ...words], `what it runs is not certain: ${scanned.fault}`);
      // A script is likely to be among the words: what it holds can at least be denied.
      for (const word of words)
        if (typeof word === 'string' && /\s/.test(word)) place.analyzer.readScript(word, 'bash', [], { ...place, guess: true });
      return;
    }
    const given = (option: string) => scanned.options.some(([one]) => one === option);
    if (given('--version') || given('--help')) return;
    if (given('-i') || given('--rcfile') || given('--init-file'))
      opaque([name, ...words], 'it runs commands from its start-up files', place);
    for (const [option, value] of scanned.options) {
      if (/^[-+]O$/.test(option)) opaque([name, ...words], 'it changes how the script is read', place);
      if (/^[-+]o$/.test(option) && !options.test(literal(value) ?? '?'))
        opaque([name, ...words], 'it changes how the script is read', place);
    }
    const [script, ...rest] = operandsOf(words, scanned.rest);
    if (!given('-c')) {
      if (script === undefined || given('-s')) opaque([name, ...words], 'it runs commands from its standard input', place);
      else opaque([name, ...words], 'it runs commands from a file', place);
      return;
    }
    if (script === undefined) {
      opaque([name, ...words], 'it has no script', place);
      return;
    }
    if (typeof script === 'object') {
      opaque([name, ...words], 'its script is only known when it runs', place);
      place.analyzer.guessScript(script.prefix, place);
      return;
    }
    const positional: readonly Word[] = rest.length > 0 ? rest : [name];
    place.analyzer.readScript(script, /ksh$/.test(name) ? 'ksh' : dialect, positional, {
      ...place,
      depth: place.depth + 1,
      chain: [...place.chain.slice(0, -1), `${name} -c`],
    });
  };
