import { note, noteOpaque, type Place, readSomewhere } from '../analyze/finder.ts';
import { assign, assignNumber, isNumber, isSignificant } from '../shell/variables.ts';
import { beginningOf, literal, mayBe, mayBeOption, showWord, unknown, type Word } from '../shell/words.ts';
import { type OptionSpec, scanOptions } from './scan-options.ts';

type Builtin = (words: readonly Word[], place: Place) => void;

const evaluates: Builtin = (words, place) => {
  const texts = words.map(literal);
  if (texts.every((text) => text !== undefined))
    place.analyzer.evaluate(texts[0] === '--' ? texts.slice(1).join(' ') : texts.join(' '), place);
  else {
    place.scope?.values.clear();
    place.scope?.functions.clear();
    noteOpaque(place, words, 'it evaluates text that is only known when it runs');
    place.analyzer.guessScript(beginningOf(words), place);
  }
};

// Which words are names, and which the values of options, only the options tell.
const names =
  (spec: OptionSpec, named: RegExp = /^$/): Builtin =>
  (words, place) => {
    const scanned = scanOptions(words, spec);
    if (scanned.fault !== undefined) {
      place.scope?.values.clear();
      noteOpaque(place, words, `which variable it sets is not certain: ${scanned.fault}`);
    }
    for (const [option, value] of scanned.options) if (named.test(option) && value !== undefined) nameOf(value, place);
    for (const word of scanned.rest) nameOf(word, place);
  };

// A name that is only known later could hold a subscript, which is evaluated.
function nameOf(word: Word, place: Place, declared = false): void {
  const text = typeof word === 'string' ? word : word.prefix.includes('=') ? word.prefix : undefined;
  if (text === undefined) {
    place.scope?.values.clear();
    noteOpaque(place, word, 'which variable it sets is only known when it runs');
    return;
  }
  const [name = '', ...value] = text.split('=');
  if (declared && typeof word === 'string' && value.length === 0) {
    assignNumber(place, name);
    return;
  }
  assign(
    place,
    name.replace(/\+$/, ''),
    typeof word === 'string' && value.length > 0 && !name.endsWith('+') ? value.join('=') : undefined,
  );
}

const declares: Builtin = (words, place) => {
  const has = (letters: RegExp) => words.some((word) => (typeof word === 'string' ? letters.test(word) : mayBeOption(word)));
  if (has(/^[-+].*[iulcnrftaA]/) && place.scope) {
    place.scope.script.blind = true;
    place.scope.script.forgetful = true;
  }
  if (has(/^-[a-zA-Z]*n/)) noteOpaque(place, words, 'it makes one variable a reference to another');
  readAttributes(words, has(/^-[a-zA-Z]*[aA]/), has(/^-[a-zA-Z]*i/), place);
  for (const word of words) if (typeof word === 'object' || !/^[-+]./.test(word)) nameOf(word, place, true);
};

// What an integer is set to is arithmetic. The list that an array is set to is evaluated once more, unless it was one when it was parsed.
function readAttributes(words: readonly Word[], array: boolean, integer: boolean, place: Place): void {
  for (const word of words) {
    if (typeof word === 'string' ? /^[-+]./.test(word) : isList(word)) continue;
    const text = typeof word === 'string' ? word : word.prefix;
    const [name = '', ...values] = text.split('=');
    const value = values.join('=');
    const open = typeof word === 'object' && value === '';
    const mayBeArray = array || special.test(name) || place.scope?.script.arrays.has(name.replace(/\+$/, '')) !== false;
    if ((value.startsWith('(') && (typeof word === 'object' || value.endsWith(')'))) || (open && mayBeArray))
      noteOpaque(place, words, 'the list that it sets is evaluated');
  }
  if (integer && !words.every((word) => isInteger(word, place)))
    noteOpaque(place, words, 'its new value is evaluated as arithmetic and may not be a number');
}

const special = /^(PIPESTATUS|DIRSTACK|GROUPS|FUNCNAME|MAPFILE|COPROC)$/;

const isList = (word: Word): boolean => typeof word === 'object' && /^[A-Za-z_]\w*\+?=\(/.test(word.source);

function isInteger(word: Word, place: Place): boolean {
  if (typeof word !== 'string') return false;
  const [name = '', ...values] = word.split('=');
  return /^[-+]./.test(word) || (place.scope?.script.numeric.has(name) === true && values.every(isNumber));
}

const opaqueIf =
  (pattern: RegExp, why: string): Builtin =>
  (words, place) => {
    if (words.some((word) => (typeof word === 'string' ? pattern.test(word) : true))) noteOpaque(place, words, why);
  };

const changesNames =
  (why: string): Builtin =>
  (words, place) =>
    noteOpaque(place, words, why);

const harmlessOptions =
  /^(-[-eufxvhbnCEHT]*o?|\+[eufxvhbnCEHTo]+|errexit|nounset|noglob|xtrace|verbose|pipefail|noclobber|errtrace|functrace|noexec)$/;

/** Builtins of a shell that change what comes after them, and how they are told apart from those that do not. */
export const builtins: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  ['eval', evaluates],
  ['.', (words, place) => sources(words, place)],
  ['source', (words, place) => sources(words, place)],
  ['trap', traps],
  [
    'alias',
    (words, place) =>
      words.length > 0 && note(place, 'Shadow', words.map(showWord).join(' '), 'an alias changes which command a name refers to'),
  ],
  ['unalias', () => undefined],
  ['export', declares],
  ['readonly', (words, place) => blindly(words, place)],
  ['declare', declares],
  ['typeset', declares],
  ['local', declares],
  ['integer', (words, place) => declares(['-i', ...words], place)],
  ['float', (words, place) => declares(['-i', ...words], place)],
  ['read', names({ flags: 'Eers', values: 'adinNptu' }, /^-a$/)],
  ['mapfile', (words, place) => fills(words, place)],
  ['readarray', (words, place) => fills(words, place)],
  ['getopts', getsOptions],
  ['printf', prints],
  ['wait', (words, place) => waits(words, place)],
  ['unset', (words, place) => unsets(words, place)],
  ['let', opaqueIf(/[^0-9+\-*/%=<>!&|^~()?: ]/, 'its arithmetic may contain more than numbers')],
  ['test', compares],
  ['[', compares],
  ['set', sets],
  ['shift', shifts],
  ['exit', counts],
  ['return', counts],
  [
    'shopt',
    opaqueIf(
      /^(expand_aliases|lastpipe|execfail|sourcepath|localvar.*|compat.*|assoc_expand_once|array_expand_once|patsub_replacement|extdebug|login_shell|restricted_shell|varredir_close)$/,
      'it changes how the shell reads what follows',
    ),
  ],
  ['jobs', starts],
  ['hash', opaqueIf(/^-.*[pd]|=/, 'it changes which program a name refers to')],
  ['enable', changesNames('it changes which builtin a name refers to')],
  ['bind', changesNames('it binds commands to keys')],
  ['complete', changesNames('it runs commands')],
  ['compgen', changesNames('it runs commands')],
  ['fc', changesNames('it runs earlier commands')],
  ['history', changesNames('it reads and writes files')],
  ['zmodload', changesNames('it loads code into the shell')],
  ['autoload', changesNames('it loads functions from files')],
  ['functions', changesNames('it changes functions')],
  ['emulate', changesNames('it evaluates text')],
  ['setopt', changesNames('it changes how the shell reads what follows')],
  ['unsetopt', changesNames('it changes how the shell reads what follows')],
]);

// jobs -x runs a command in the shell itself, builtins as well, with the process of a job for each `%…`.
function starts(words: readonly Word[], place: Place): void {
  const scanned = scanOptions(words, { flags: 'lnprsx' });
  if (scanned.fault !== undefined) readSomewhere(words, `whether it starts a command is not certain: ${scanned.fault}`, place);
  else if (scanned.options.some(([name]) => name === '-x')) {
    const command = scanned.rest.map((word) => (typeof word === 'string' && word.startsWith('%') ? unknown(word) : word));
    place.analyzer.readCommand(command, { ...place, depth: place.depth + 1, chain: [...place.chain, 'jobs -x'] });
  }
}

function sources(words: readonly Word[], place: Place): void {
  place.scope?.values.clear();
  place.scope?.functions.clear();
  noteOpaque(place, words, 'it runs commands from a file');
}

function blindly(words: readonly Word[], place: Place): void {
  if (place.scope) place.scope.script.blind = true;
  declares(words, place);
}

function fills(words: readonly Word[], place: Place): void {
  if (words.some((word) => (typeof word === 'string' ? /^-.*[Cc]/.test(word) : mayBeOption(word))))
    noteOpaque(place, words, 'it runs a command for each line');
  names({ flags: 't', values: 'dnOsuCc' })(words, place);
}

function getsOptions(words: readonly Word[], place: Place): void {
  const [first, ...rest] = words;
  const ends = first !== undefined && mayBe(first, '--');
  // Where the first word is not certain to be the options, the name may be one later.
  const several = typeof first === 'object' && first.many;
  for (const word of several ? words : rest.slice(first === '--' ? 1 : 0, ends ? 2 : 1)) nameOf(word, place);
}

function prints(words: readonly Word[], place: Place): void {
  const [first, second] = words;
  if (first === undefined) return;
  if (typeof first === 'object' && mayBeOption(first)) place.scope?.values.clear();
  if (first === '-v') {
    if (second !== undefined) nameOf(second, place);
    printsInto(words.slice(2), place);
  } else if (typeof first === 'string' && first.startsWith('-v')) {
    nameOf(first.slice(2), place);
    printsInto(words.slice(1), place);
  } else printsInto(first === '--' ? words.slice(1) : words, place);
}

// %n sets a variable of which the name is an operand.
function printsInto(words: readonly Word[], place: Place): void {
  const [format, ...operands] = words;
  if (format === undefined || (typeof format === 'string' && !/%[^%a-zA-Z]*[hlLjzt]*n/.test(format.replaceAll('%%', '')))) return;
  for (const word of operands) if (typeof word === 'object' || /^[A-Za-z_]/.test(word)) nameOf(word, place);
}

function compares(words: readonly Word[], place: Place): void {
  words.forEach((word, at) => {
    const next = words[at + 1];
    if (typeof word === 'object' ? mayBeOption(word) : /^-(eq|ne|lt|le|gt|ge)$/.test(word))
      counts(
        [words[at - 1] ?? '', next ?? ''].filter((operand) => operand !== ''),
        place,
      );
    if ((word === '-v' || word === '-R') && next !== undefined && (typeof next === 'object' || !/^[A-Za-z_]\w*$/.test(next)))
      noteOpaque(place, words, 'the name of a variable is evaluated');
    const evaluated = next !== undefined && (typeof next === 'object' ? mayBeOption(word) : next.includes('['));
    if (typeof word === 'object' && mayBeOption(word) && (word.many || evaluated))
      noteOpaque(place, words, 'an unknown word may be an operator that evaluates a name');
  });
}

function unsets(words: readonly Word[], place: Place): void {
  place.scope?.functions.clear();
  for (const word of words) {
    if (typeof word === 'string' && (word.startsWith('-') || !isSignificant(word, '')) && !word.includes('['))
      place.scope?.values.delete(word);
    else nameOf(word, place);
  }
}

function sets(words: readonly Word[], place: Place): void {
  for (const word of words) {
    if (word === '--' || word === '-') break;
    if (typeof word === 'string' && !/^[-+]/.test(word) && !harmlessOptions.test(word)) break;
    if (typeof word === 'object' || !harmlessOptions.test(word))
      noteOpaque(place, words, 'it changes how the shell reads what follows');
  }
  // The arguments of the script may be others now.
  if (place.scope) place.scope.positional = undefined;
}

function waits(words: readonly Word[], place: Place): void {
  words.forEach((word, at) => {
    const next = words[at + 1];
    if (typeof word === 'string' && /^-[a-z]*p/.test(word))
      nameOf(word.endsWith('p') ? (next ?? '') : word.replace(/^-[a-z]*?p/, ''), place);
    if (typeof word === 'object' && mayBeOption(word) && (word.many || next !== undefined))
      noteOpaque(place, words, 'an unknown word may be an option that evaluates a name');
  });
}

// Some shells evaluate as arithmetic what others only take as a number.
const evaluatesNumbers = ({ scope }: Place): boolean => scope?.script.dialect === 'zsh' || scope?.script.dialect === 'ksh';

function counts(words: readonly Word[], place: Place): void {
  if (evaluatesNumbers(place) && words.some((word) => typeof word === 'object' || !isNumber(word)))
    noteOpaque(place, words, 'a value that may not be a number is evaluated as arithmetic');
}

function shifts(words: readonly Word[], place: Place): void {
  counts(words, place);
  if (place.scope) place.scope.positional = undefined;
}

function traps(words: readonly Word[], place: Place): void {
  if (place.scope) {
    place.scope.script.blind = true;
    place.scope.script.resets = true;
    place.scope.script.forgetful = true;
  }
  const rest = words[0] === '--' ? words.slice(1) : words;
  const [action] = rest;
  if (
    action === undefined ||
    action === '-' ||
    action === '' ||
    /^-[lpP]+$/.test(literal(action) ?? '') ||
    /^[0-9]+$/.test(literal(action) ?? '')
  )
    return;
  if (typeof action === 'object') {
    noteOpaque(place, words, 'it evaluates text that is only known when it runs');
    return;
  }
  place.analyzer.evaluate(action, place);
}
