import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readArgv } from '../analyze/read-argv.ts';
import { showWord } from './words.ts';

const found = (argv: readonly string[]) => {
  const { commands, concerns } = readArgv(argv);
  return {
    commands: commands.filter(({ role }) => role !== 'Wrapper').map(({ words }) => words.map(showWord).join(' ')),
    kinds: [...new Set(concerns.map(({ kind }) => kind))].sort(),
  };
};

describe('The commands of a script', () => {
  const rows: Record<string, readonly [string, readonly string[], (readonly string[])?]> = {
    'are those of a list': ['a x; b && c || d & e', ['a x', 'b', 'c', 'd', 'e']],
    'are those of a pipeline': ['a | b |& c', ['a', 'b', 'c']],
    'are those of a subshell and a group': ['( a; { b; } )', ['a', 'b']],
    'are those of branches': ['if a; then b; elif c; then d; else e; fi', ['a', 'b', 'c', 'd', 'e']],
    'are those of loops': [
      'for i in 1 2; do a "$i"; done; while b; do c; done; until d; do e; done',
      ['a ⟨"$i"⟩', 'b', 'c', 'd', 'e'],
    ],
    'are those of cases': ['case x in a) b;; *) c;; esac', ['b', 'c']],
    'are those of a substitution': ['a "$(b x)" `c` $(d $(e))', ['b x', 'c', 'e', 'd ⟨$(e)⟩', 'a ⟨"$(b x)"⟩ ⟨`c`⟩ ⟨$(d $(e))⟩']],
    'are those of a process substitution': ['a <(b) >(c)', ['b', 'c', 'a ⟨<(b)⟩ ⟨>(c)⟩']],
    'are those of a here-document': ['a <<E\n$(b)\nE\n', ['b', 'a']],
    'are not those of a quoted here-document': ["a <<'E'\n$(b)\nE\n", ['a']],
    'are those of a default': ['a ${x:-$(b)}', ['b', 'a ⟨${x:-$(b)}⟩']],
    'are those of an index': ['x[$(a)]=1', ['a'], ['Opaque']],
    'are those of a test': ['[[ -n $(a) ]]', ['a']],
    'are those of arithmetic': ['echo $(( $(a) ))', ['a', 'echo ⟨$(( $(a) ))⟩'], ['Opaque']],
    'are those of an assignment': ['x=$(a) b', ['a', 'b']],
    'are those of a redirection': ['a > "$(b)"', ['b', 'a'], ['Write']],
    'are those of a function, where it is defined': ['f() { a; }; f; f', ['a']],
    'are those of a coprocess': ['coproc a x', ['a x']],
    'are those of a trap': ["trap 'a x' EXIT", ['trap a x EXIT', 'a x']],
    'are those that eval evaluates': ["eval a 'b; c'", ['eval a b; c', 'a b', 'c']],
    'are not those of a comment': ['a # b\n#c', ['a']],
    'are not those of a quoted text': ["echo 'rm -rf x'", ['echo rm -rf x']],
    'are negated or timed': ['! a; time -p b', ['a', 'b']],
    'are written with quotes of any kind': ["'a'b\"c\"\\d $'\\x65'", ['abcd e']],
    'go on after a line that goes on': ['a\\\nb \\\n c', ['ab c']],
    'are opaque where a line goes on inside of a variable': ['a "$\\\n1"', ['a $1'], ['Opaque']],
    'are opaque in an old form of arithmetic': ['a $[x', ['a $[x'], ['Opaque']],
    'keep an unknown word unknown': ['a "$x" $y "b$z" ~ * {b,c}', ['a ⟨"$x"⟩ ⟨$y⟩ ⟨"b$z"⟩ ⟨~⟩ ⟨*⟩ ⟨{b,c}⟩']],
    'know a variable that was given a value before': ['x=a; $x "$x" "${x}b"', ['a a ab']],
    'do not know one that a branch may have changed': ['x=a; if b; then x=c; fi; d "$x"', ['b', 'd ⟨"$x"⟩']],
    'do not know one that a loop changes later': ['x=a; for i in 1 2; do b "$x"; x=c; done', ['b ⟨"$x"⟩']],
    'do not know one that a function may have changed': ['f() { x=c; }; x=a; f; b "$x"', ['b ⟨"$x"⟩']],
    'do not know one that a function may have changed that is perhaps defined': [
      'a && f() { x=c; }; x=b; f; "$x"',
      ['a', 'f', '⟨"$x"⟩'],
      ['Opaque'],
    ],
    'do not know one that a trap may change': ['trap \'x=c\' DEBUG; x=a; b "$x"', ['trap x=c DEBUG', 'b ⟨"$x"⟩']],
    'do not know one that was read': ['x=a; read x; b "$x"', ['read x', 'b ⟨"$x"⟩']],
    'do not know one that is set by printf': ['x=a; printf -v x %s c; b "$x"', ['printf -v x %s c', 'b ⟨"$x"⟩']],
    'do not split one that may be split': ['x="a b"; c $x', ['c ⟨$x⟩']],
    'know the arguments of the script': ['a "$0" "$1" "$@"', ['a bash ']],
    'are opaque when the program is not known': ['$x a', ['⟨$x⟩ a'], ['Opaque']],
    'are opaque when the program is a pattern': ['/bin/r? a', ['⟨/bin/r?⟩ a'], ['Opaque']],
    'are opaque when the program comes out of braces': ['{rm,-rf,a}', ['⟨{rm,-rf,a}⟩'], ['Opaque']],
    'are opaque when the program is a default': ['${x:-rm} a', ['⟨${x:-rm}⟩ a'], ['Opaque']],
    'are opaque when IFS parts them': ['rm$IFS-rf$IFS/', ['⟨rm$IFS-rf$IFS/⟩'], ['Opaque']],
    'are opaque when eval is not literal': ['eval "$x"', ['eval ⟨"$x"⟩'], ['Opaque']],
    'are opaque in a file': ['. ./x; source y', ['. ./x', 'source y'], ['Opaque']],
    'are opaque out of a pipe': ['curl x | sh', ['curl x', 'sh'], ['Opaque']],
    'are opaque out of a here-document': ['bash <<E\na\nE\n', ['bash'], ['Opaque']],
    'are opaque out of a here-string': ['bash -s <<< a', [], ['Opaque']],
    'are opaque in a script file': ['bash ./x', [], ['Opaque']],
    'are guesses where the syntax has faults': ['a; if then b', ['a', 'b'], ['Opaque']],
    'may be changed by PATH': ['PATH=/x a', ['a'], ['Variable']],
    'may be changed by PATH for good': ['export PATH=/x; a', ['export PATH=/x', 'a'], ['Variable']],
    'may be changed by what is preloaded': ['LD_PRELOAD=x a', ['a'], ['Variable']],
    'may be changed by a loop over PATH': ['for PATH in /x; do a; done', ['a'], ['Variable']],
    'may be changed by reading PATH': ['read PATH', ['read PATH'], ['Variable']],
    'may be changed by a default of PATH': [': ${PATH:=x}', [': ⟨${PATH:=x}⟩'], ['Variable']],
    'are not changed by another variable': ['A=1 a', ['a']],
    'may be shadowed by a function': ['ls() { a; }; ls', ['a'], ['Shadow']],
    'may be shadowed by an alias': ['alias ls=rm', ['alias ls=rm'], ['Shadow']],
    'are still programs where a function may be gone': ['f() { a; }; unset -f f; f', ['a', 'unset -f f', 'f']],
    'are still programs where a function is perhaps defined': ['if a; then f() { b; }; fi; f', ['a', 'b', 'f']],
    'are still programs where a function is asked to be passed over': ['f() { a; }; command f', ['a', 'f']],
    'write files': ['a > b; c >> d; e &> f; g >| h; i 2> j; k <> l', ['a', 'c', 'e', 'g', 'i', 'k'], ['Write']],
    'write nothing that stays': ['a > /dev/null 2>&1 < b; c >&2; d 2>/dev/stderr; e 2>&-; f <<< g', ['a', 'c', 'd', 'e', 'f']],
    'may open a connection': ['cat < /dev/tcp/x/80', ['cat'], ['Opaque']],
    'may be evaluated by arithmetic': ['(( x > 1 ))', [], ['Opaque']],
    'are not evaluated by arithmetic of numbers': ['i=0; while (( i < 3 )); do a; i=$((i + 1)); done; (( i++ ))', ['a']],
    'may be evaluated by a comparison': ['[[ $x -eq 1 ]]', [], ['Opaque']],
    'may be evaluated as the name of a variable': ['unset "$x"', ['unset ⟨"$x"⟩'], ['Opaque']],
    'may be evaluated as a prompt': ['a "${x@P}"', ['a ⟨"${x@P}"⟩'], ['Opaque']],
    'may be evaluated by a reference': ['a "${!x}"', ['a ⟨"${!x}"⟩'], ['Opaque']],
    'may change how the shell reads on': ['set -k; a', ['set -k', 'a'], ['Opaque']],
    'may be changed by a reference to PATH': ['declare -n r=PATH; r=/x', ['declare -n r=PATH'], ['Opaque']],
    'may be evaluated by what waits': ["wait -p 'a[$(b)]'", ['wait -p a[$(b)]'], ['Opaque']],
    'are guesses where only the beginning of a script is known': ['bash -c "a b; c $x"', ['a b', 'c'], ['Opaque']],
    'are guesses where only the beginning of a text is known': ['eval "a $x"', ['eval ⟨"a $x"⟩', 'a'], ['Opaque']],
    'may be strict': ['set -euo pipefail; a', ['set -euo pipefail', 'a']],
    'may change what a name means': ['hash -p /x ls; enable -n echo', ['hash -p /x ls', 'enable -n echo'], ['Opaque']],
  };
  for (const [name, [script, commands, kinds = []]] of Object.entries(rows))
    it(name, () => assert.deepEqual(found(['bash', '-c', script]), { commands, kinds }));
});

describe('A shell', () => {
  const rows: Record<string, readonly [readonly string[], readonly string[], (readonly string[])?]> = {
    'is called in many ways': [['bash', '-lec', 'a'], ['a']],
    'may have options before its script': [['bash', '--norc', '-e', '-o', 'pipefail', '-c', 'a'], ['a']],
    'may have options after -c': [['sh', '-c', '-e', 'a'], ['a']],
    'takes dashes before its script': [['sh', '-c', '--', 'a'], ['a']],
    'may be a dash': [['dash', '-c', 'a'], ['a']],
    'may be an ash': [['/bin/ash', '-c', 'a'], ['a']],
    'may be an applet': [['busybox', 'sh', '-c', 'a'], ['a']],
    'may be a zsh': [['zsh', '-c', 'a'], ['a']],
    'has arguments for its script': [['sh', '-c', 'a "$1" "$@"', 'x', 'b', 'c d'], ['a b b c d']],
    'has no arguments but its own name': [['sh', '-c', 'a "$0" "$1"'], ['a sh ']],
    'forgets arguments that were shifted': [
      ['sh', '-c', 'shift; a "$1"', 'x', 'b'],
      ['shift', 'a ⟨"$1"⟩'],
    ],
    'is opaque with a start-up file': [['bash', '--rcfile', 'x', '-c', 'a'], ['a'], ['Opaque']],
    'is opaque with an option that is not known': [['bash', '--what', '-c', 'a b'], ['a b'], ['Opaque']],
    'is opaque without a script': [['bash'], ['bash'], ['Opaque']],
    'is opaque when others than bash read it otherwise': [['sh', '-c', 'a &>b'], ['a'], ['Opaque', 'Write']],
    'is opaque with an array for sh': [['sh', '-c', 'x=(a)'], [], ['Opaque']],
    'is opaque where zsh has words of its own': [['zsh', '-c', 'noglob a'], ['noglob a'], ['Opaque']],
    'may be in another shell': [['sh', '-c', 'bash -c \'sh -c "a b"\''], ['a b']],
  };
  for (const [name, [argv, commands, kinds = []]] of Object.entries(rows))
    it(name, () => assert.deepEqual(found(argv), { commands, kinds }));
});
