import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judged } from '../testing.ts';

const rules = [
  'Deny rm',
  'Deny mv',
  'Allow kubectl get',
  'Allow ls',
  'Allow cat',
  'Allow foo',
  'Allow sort',
  'Allow printf',
  'Allow eval',
  'Allow builtin',
  'Allow -',
  'Allow ksh',
];
const decisionOf = (command: string | readonly string[]) => judged(rules, command).decision;
const show = (command: string | readonly string[]) => (typeof command === 'string' ? command : command.join(' '));

describe('A script that runs rm', () => {
  const rows: Record<string, readonly (string | readonly string[])[]> = {
    'through jobs': [
      'jobs -x rm -rf /data',
      'command jobs -x rm -rf /data',
      'builtin jobs -x rm -rf /data',
      "jobs -x sh -c 'rm q'",
      'x=ls; true && jobs -x export x=rm; "$x" q',
      'jobs "$x" rm q',
      'jobs -rx rm q',
    ],
    'through integers of the shell': [
      `RANDOM='a[$(rm q)]'`,
      `SRANDOM='a[$(rm q)]'`,
      `HISTCMD='a[$(rm q)]'`,
      `OPTIND='a[$(rm q)]'`,
      `export RANDOM='a[$(rm q)]'`,
      `export 'RANDOM=a[$(rm q)]'`,
      `read RANDOM <<< 'a[$(rm q)]'`,
      `for OPTIND in 'a[$(rm q)]'; do :; done`,
      `SHLVL='b[$(rm q)]'; echo $((SHLVL))`,
      `unset RANDOM; RANDOM='b[$(rm q)]'; echo $((RANDOM))`,
      ['env', 'UID=a[$(rm q)]', 'bash', '-c', 'echo $((UID))'],
      ['env', 'EUID=a[$(rm q)]', 'bash', '-c', 'echo $((EUID))'],
    ],
    'through variables that are not numbers': [
      `y='a[$(rm q)]'; x=y; echo $((x))`,
      `for i in y; do y='a[$(rm z)]'; echo $((i)); done`,
      `x=1; y=1; x1='b[$(rm q)]'; echo $((x$y))`,
      `x=1; y=1; x1='b[$(rm q)]'; echo $(("x$y"))`,
      `x=1; y=1; x1='b[$(rm q)]'; echo $(("x"$y))`,
    ],
    'through what integers and arrays are declared with': [
      `declare -i x='a[$(rm q)]'`,
      `declare -i x; read x <<< 'a[$(rm q)]'`,
      `declare -i x; x='a[$(rm q)]'`,
      `declare -i x=1; x='a[$(rm q)]'`,
      `declare -i x=1; for x in 'a[$(rm q)]'; do :; done`,
      `opt=-i; declare $opt x='a[$(rm q)]'`,
      `declare -a 'x=($(rm q))'`,
      `declare -A x='([a]=$(rm q))'`,
      `readonly -a x='($(rm q))'`,
      `export -a 'x=($(rm q))'`,
      `typeset -a 'x=($(rm q))'`,
      `x=(); declare 'x=($(rm q))'`,
      `y='($(rm q))'; declare -a x="$y"`,
      `x=(); f() { declare x="$1"; }; f '($(rm q))'`,
    ],
    'through a subscript in a list': [
      `a=(['x[$(rm y)]']=1)`,
      `x='b[$(rm q)]'; a=([x]=1)`,
      `x='b[$(rm q)]'; a+=([x]=1)`,
      `x='b[$(rm q)]'; declare a=([x]=1)`,
      `x='b[$(rm q)]'; a=([0]=1 [x]+=2)`,
    ],
    'after a redirection that fails': [
      'x=rm; { x=ls; } </nonexistent; $x -rf a',
      'x=rm; { x=ls; } <&9; $x -rf a',
      'x=rm; if x=ls; then :; fi </nonexistent; $x -rf a',
      'x=rm; export x=ls <&9; $x -rf a',
      'x=rm; declare x=ls </nonexistent; $x -rf a',
      '{ mv() { :; }; } </nonexistent; mv a b',
      ['dash', '-c', 'x=rm; x=ls </nonexistent; $x -rf a'],
      'x=rm; ulimit -n 3; { x=ls; } >/dev/null; $x -rf a',
    ],
    'through what is assigned where it is not seen at first': [
      'x=ls; true && export "x=rm"; $x -rf a',
      'x=ls; true && declare "x=rm"; $x -rf a',
      'x=ls; true && typeset "x=rm"; $x -rf a',
      'x=ls; for i in a; do declare "x=rm"; done; "$x" q',
      'x=ls; true && command read x <<< rm; $x q',
      'x=ls; true && command export x=rm; $x q',
      'x=ls; true && command -p read x <<< rm; $x q',
      `f() { :; }; x=ls; for i in 1; do command trap 'x=rm' DEBUG; done; x=ls; "$x" q`,
    ],
    'through arguments that a trap or eval changes': [
      ['bash', '-c', 'trap "set -- rm" DEBUG; "$1" -rf /data', '_', 'ls'],
      ['bash', '-c', "trap '$1 q' EXIT; shift", '_', 'ls', 'rm'],
      ['bash', '-c', 'eval "set -- rm -rf x"; "$@"', '_', 'ls'],
      ['bash', '-c', 'builtin eval "set -- rm -rf x"; "$@"', '_', 'ls'],
    ],
    'behind a lone dash': [
      ['bash', '-c', '-', 'rm -rf x'],
      ['dash', '-c', '-', 'rm -rf x'],
      ['sh', '-ec', '-', 'rm -rf x'],
    ],
    'through quotes inside of quotes': [
      `cat <<EOF\n\${x:-'$(rm q)'}\nEOF`,
      `cat <<EOF\n\${x:-$'$(rm q)'}\nEOF`,
      `cat <<EOF\n\${x-'\`rm q\`'}\nEOF`,
      `x=1; cat <<EOF\n\${x:+'$(rm q)'}\nEOF`,
      `cat <<EOF\n\${x='$(rm q)'}\nEOF`,
      `cat <<EOF\n\${x:-\${y:-'$(rm q)'}}\nEOF`,
      `cat <<-EOF\n\${x:-a'$(rm q)'b}\nEOF`,
      ['dash', '-c', `cat <<EOF\n\${x:-'$(rm q)'}\nEOF`],
      `echo "\${x:-$'$(rm q)'}"`,
    ],
    'through a translation': ['ls $"a"', 'TEXTDOMAINDIR=. ls', 'LANGUAGE=x ls', 'LC_ALL=zh_CN.GBK ls', 'export LANG="$x"; ls'],
    'through PATH, or a name that a builtin sets': [
      `printf '12345%n' PATH; kubectl get pods`,
      `printf -- '%-5ln' PATH; ls`,
      `printf -v y '%n' PATH; ls`,
      `printf "$f" PATH; ls`,
      `x=ls; printf '%n' x; $x q`,
      'getopts -- p PATH -p; ls',
      'getopts "$o" p PATH; ls',
      'read -dn PATH <<< ./evil; ls',
      'read -rdn PATH <<< ./evil; ls',
      'read -pn PATH <<< ./evil; ls',
      'read -iu PATH <<< ./evil; ls',
      'mapfile -tdn PATH <<< ./evil; ls',
      'x=ls; read -dn x <<< rm; $x q',
    ],
    'where an unknown file may be a connection': [
      'f() { { cat FILE >&3; } 3<"$1"; }; f /dev/tcp/127.0.0.1/80',
      'for x in /dev/tcp/127.0.0.1/80; do cat <$x; done',
      'x=$(ls); cat < "/dev/$x"',
    ],
    'where another shell evaluates more': [
      ['zsh', '-c', 'hash ls=/tmp/x; ls'],
      ['zsh', '-c', 'argv=rm; $1 -rf x', '_', 'ls'],
      ['zsh', '-c', "[ 'a[$(rm q)]' -eq 1 ]"],
      ['ksh', '-c', "[ 'a[$(rm q)]' -eq 1 ]"],
      ['ksh', '-c', "test 1 -lt 'a[$(rm q)]'"],
      ['zsh', '-c', "exit 'a[$(rm q)]'"],
      ['zsh', '-c', "shift 'a[$(rm q)]'"],
      ['ksh', '-c', "typeset -i x='a[$(rm q)]'"],
    ],
    'after an expansion that fails': [
      'x=rm\n{ : $((1/0)); x=ls; }\n$x q',
      'x=rm\nfoo $((2#9)); x=ls\n$x q',
      'x=rm\n{ : $((08)); x=ls; }\n$x q',
      'x=rm\n{ : ${x:0:-5}; x=ls; }\n$x q',
      'x=rm\n{ : ${x:08}; x=ls; }\n$x q',
      'x=rm\n{ a[-5]=1; x=ls; }\n$x q',
      '{ : $((1/0)); mv() { :; }; }\nmv q',
    ],
  };
  for (const [how, commands] of Object.entries(rows))
    for (const command of commands)
      it(`${how} is not allowed: ${show(command)}`, () => assert.notEqual(decisionOf(command), 'Allow'));
});

describe('A script that only looks like it', () => {
  const commands: readonly (string | readonly string[])[] = [
    'sleep 5 & jobs -l; jobs',
    'x=5; y=-1; x+=1; echo $((x + y * 2)) $(($x$y)) $(("$x"0)) $((RANDOM % SECONDS)) $(( ($# + 1) / 2 ))',
    'i=0; for j in 1 2; do i=$((i + j)); done; OPTIND=1; (( OPTIND = 2 ))',
    'declare -a x=(a b); declare -A y=(); local z="$1"; export w="$(ls)" v="(a"',
    'a=([0]=x [12]+=y [ab]*); declare -A b=([x]=1 ["$1"]=2)',
    'x=ls; { x=foo; } >/dev/null 2>&1; $x a',
    'x=ls; if command -v foo; then foo; fi; $x a',
    `cat <<EOF\n\${x:-'a b'} it's $x \${y:-"a"}\nEOF`,
    `ls '$(rm)' \${x:-'$(rm)'}`,
    'LC_ALL=C sort; LANG=en_US.UTF-8 ls; export LC_ALL=C.UTF-8; unset LANG',
    `printf '%s\\n' "$x" a; printf '100%%n' b; printf "a$x\\n"`,
    'while read -r -d "" x; do ls "$x"; done; read -rp "a: " y; read -t 5 z; mapfile -t w; getopts "$o" v',
    'cat < a; cat < "a$x"; cat < "/etc/$x"; cat < <(ls)',
    ['ksh', '-c', '[ 1 -eq 2 ]; exit 1'],
    ['sh', '-c', '[ "$x" -eq 2 ]; exit 1'],
    'x=ls\n: ${x:0:2} $((1 + 2 * 3))\n$x a',
    'declare -i x=5; x=6; x+=2',
    'f() { local OPTIND; while getopts ab x; do :; done; }; f -a',
  ];
  for (const command of commands) it(`is allowed: ${show(command)}`, () => assert.equal(decisionOf(command), 'Allow'));
});

describe('A variable that changes what programs do', () => {
  const names = `SSLKEYLOGFILE CURL_CA_BUNDLE ZIPOPT TAPE SVN_SSH HGRCPATH RSYNC_RSH AWKPATH AWKLIBPATH GNUPGHOME GODEBUG GOCOVERDIR
DOTNET_STARTUP_HOOKS ftp_proxy NETRC REGISTRY_AUTH_FILE INPUTRC`;
  for (const name of names.split(/\s+/))
    it(`is not set without a question: ${name}`, () => assert.notEqual(decisionOf(`${name}=x ls`), 'Allow'));
});
