import { mutate } from './mutate.ts';
import { randomOf } from './random.ts';
import { type Context, names, stubs, word } from './word.ts';

/** A script that was made up, and how it is run. */
export interface Sample {
  readonly shell: 'bash' | 'sh';
  readonly script: string;
  /** Whether it only has constructs that are never to be opaque. */
  readonly plain: boolean;
}

/** Makes up a script out of a seed. */
export function sampleOf(seed: number): Sample {
  const random = randomOf(seed);
  const shell = random.chance(0.75) ? 'bash' : 'sh';
  const kind = random.of(['plain', 'plain', 'slipped', 'slipped', 'small', 'small', 'small', 'mixed'] as const);
  const plain = kind === 'plain' || kind === 'slipped';
  // A small script holds few things that are flagged, so that what is overlooked in it can't hide behind them.
  const context = { random, plain, depth: kind === 'small' ? 3 : 0 };
  let script = list(context);
  if (kind === 'slipped' || (kind === 'mixed' && random.chance(0.3)))
    for (let count = 1 + random.below(2); count > 0; count--) script = mutate(script, random);
  return { shell, script, plain: kind === 'plain' };
}

const deeper = (context: Context): Context => ({ ...context, depth: context.depth + 1 });

function list(context: Context): string {
  const { random } = context;
  const parts: string[] = [];
  for (let count = 1 + random.below(context.depth > 2 ? 1 : 3); count > 0; count--) parts.push(statement(context));
  return parts.reduce(
    (before, next) => `${before}${random.of(before.includes('<<') ? ['\n'] : [' ; ', '\n', ' && ', ' || ', '; '])}${next}`,
  );
}

function statement(context: Context): string {
  const { random, plain, depth } = context;
  const inner = () => list(deeper(context));
  if (depth > 3 || random.chance(plain || depth < 3 ? 0.55 : 0.3)) return pipeline(context);
  const forms: (() => string)[] = [
    () => `( ${inner()}\n)`,
    () => `{ ${inner()}\n}`,
    () => `if ${pipeline(context)}; then ${inner()}\nelse ${inner()}\nfi`,
    () => `if ${random.of(['true', 'false'])}; then ${inner()}\nelif ${pipeline(context)}; then ${inner()}\nfi`,
    () => `for ${random.of(names)} in ${random.of(['a b', '1 2', "'x y'"])}; do ${inner()}\ndone`,
    () => `for i in 1 2; do ${simple(context)} "$i"\ndone`,
    () => `case ${random.of(['a', 'rm', '"$1"'])} in a|b) ${inner()}\n;; *) ${inner()}\n;; esac`,
    () => `while ${random.of(['false', '! true'])}; do ${inner()}\ndone`,
    () => `until true; do ${inner()}\ndone`,
    () => `! ${pipeline(context)}`,
  ];
  if (!plain) forms.push(...rarer(context, inner));
  return random.of(forms)();
}

function rarer(context: Context, inner: () => string): (() => string)[] {
  const { random } = context;
  const name = random.of(names);
  return [
    () => `f() { ${inner()}\n}\nf ${word(context)}`,
    () => `function g { ${inner()}\n}\ng`,
    () => `foo() { ${inner()}\n}; foo a`,
    () => `if false; then foo() { :; }; fi; foo b`,
    () => `(foo() { :; }); foo c`,
    () => `foo() { :; }; unset -f foo; foo d`,
    () => `foo() { :; }; command foo e; env foo f`,
    () => `${name}=${word(context)}; $${name} ${word(context)}`,
    () => `${name}=${random.of(stubs)}; "$${name}" a "$${name}"`,
    () => `${name}=rm; if ${pipeline(context)}; then ${name}=ls; fi; $${name} q`,
    () => `${name}=rm; for i in 1 2; do $${name} q; ${name}=ls; done`,
    () => `${name}=ls; ${name}=rm true; $${name} q`,
    () => `${name}=ls; (${name}=rm); $${name} q`,
    () => `${name}=ls; true | ${name}=rm; $${name} q`,
    () => `${name}=ls; ${name}=rm eval :; $${name} q`,
    () => `export ${name}=rm; $${name} q`,
    () => `declare -u ${name}=rm; $${name} q`,
    () => `read ${name} <<< rm; $${name} q`,
    () => `printf -v ${name} %s rm; $${name} q`,
    () => `${name}=ls; ${'$'}{${name}:=rm}; : ${'$'}{${name}:=rm} ; $${name} q`,
    () => `IFS=x; ${name}=rmxa; $${name} q`,
    () => `set -- rm a b; "$@"; shift; ls "$1"`,
    () => `trap '${random.of(stubs)} t' EXIT`,
    () => `trap '${name}=rm' DEBUG; ${name}=ls; $${name} q`,
    () => `eval "${random.of(stubs)} $${name}" '${random.of(stubs)} b'`,
    () => `eval '${name}=rm'; $${name} q`,
    () => `alias ls=rm\nls z`,
    () => `shopt -s expand_aliases\nalias ls=rm\nls z`,
    () => `(( x = 1 + 2 )); ls $(( x + 1 ))`,
    () => `${name}='a[$(rm z)]'; ls $(( ${name} ))`,
    () => `${name}='a[$(rm z)]'; [[ $${name} -eq 1 ]]`,
    () => `${name}='a[$(rm z)]'; (( ${name} > 0 ))`,
    () => `${name}='a[$(rm z)]'; unset "$${name}"; test -v "$${name}"`,
    () => `${name}='$(rm z)'; ls "${'$'}{${name}@P}"`,
    () => `${name}='a[$(rm z)]'; ls ${'$'}{!${name}}`,
    () => `a=(ls rm); "${'$'}{a[1]}" z; "${'$'}{a[@]}" q`,
    () => `[[ -n $(rm y) && a == b ]] || ${simple(context)}`,
    () => `for (( i=0; i<2; i++ )); do ${simple(context)}; done`,
    () => `coproc ${simple(context)}; wait`,
    () => `coproc { ${inner()}\n}; wait`,
    () => `select v in a; do ${simple(context)}; break; done <<< 1`,
    () => `${simple(context)} & wait`,
    () => `${random.of(stubs)} a &>/dev/null ${random.of(stubs)} b`,
    () => `set -k; ls PATH=1 b`,
    () => `hash -p $PWD/x ls; ls n`,
    () => `enable -n echo; echo v`,
    () => `cat <<EOF\n$(${simple(context)})\nEOF\n${simple(context)}`,
    () => `cat <<'EOF'\n$(${simple(context)})\nEOF\n${simple(context)}`,
    () => `bash <<EOF\n${simple(context)}\nEOF\n`,
    () => `printf 'rm z\\n' | ${random.of(['sh', 'bash', 'xargs', 'xargs env', 'bash -s'])}`,
    () => `time ${pipeline(context)}`,
    () => `time -p ${simple(context)}`,
    () => `exec ${simple(context)}`,
    () => `(exec ${simple(context)}); exec 3>/dev/null`,
    () => `{ ${inner()}\n} 2>/dev/null | ${simple(context)}`,
    () => `bash -c '"$0" "$@"' ${random.of(stubs)} ${word(context)} x`,
    () => `sh -c '"$1" "$2"; shift; "$@"' _ ${random.of(stubs)} ${random.of(stubs)} y`,
    () => `source /dev/stdin <<< 'rm s'`,
    () => `mapfile -C 'rm' -c 1 v <<< a`,
    () => `compgen -C 'rm w' a`,
    () =>
      `find . -maxdepth 0 -exec ${random.of(stubs)} ${word({ ...context, plain: true })} {} \\; -exec ${random.of(stubs)} q {} +`,
    () => `find . -maxdepth 0 -exec sh -c '${random.of(stubs)} "$1"' _ {} \\;`,
    () => `echo a | while read ${name}; do ${random.of(stubs)} "$${name}"; done`,
    () => `f() { ${name}=rm; }; ${name}=ls; f; $${name} q`,
    () => `f() { ${name}=rm; }; ${name}=ls; for i in 1 2; do $${name} q; f; done`,
    () => `{rm,-rf,a}; {ls,b}`,
    () => `${name}=; $${name}rm ${name}; $${name} rm b`,
    () => `\\ls a; l\\s b; 'l's c; "r"m d; $'\\x72m' e; r''m f`,
    () => `ls a\\\nb; r\\\nm x`,
    () => `ls #rm\nrm #ls`,
    () => `x=$(${simple(context)}); y=\`${random.of(stubs)} b\``,
    () => `ls "$(${simple(context)})" "\`rm k\`" ${'$'}{x:-$(rm l)} ${'$'}{y:+\`rm m\`}`,
    () => `$(echo rm) z; \`echo rm\` y; "$(echo rm)" w`,
    () => `jobs -x ${simple(context)}`,
    () => `jobs -x export ${name}=rm; $${name} q`,
    () => `declare -i ${name}='a[$(rm z)]'`,
    () => `declare -i ${name}=1; read ${name} <<< 'a[$(rm z)]'`,
    () => `declare -a '${name}=($(rm z))'`,
    () => `${name}=(); declare '${name}=($(rm z))'`,
    () => `RANDOM='a[$(rm z)]'`,
    () => `u='a[$(rm z)]'; ${name}=u; ls $(( ${name} ))`,
    () => `a=(['x[$(rm z)]']=1)`,
    () => `${name}=rm; { ${name}=ls; } ${random.of(['</nonexistent', '<&9', '>/dev/null', '2>&1'])}; $${name} q`,
    () => `${name}=rm; export ${name}=ls <&9; $${name} q`,
    () => `${name}=ls; true && ${random.of(['export', 'declare', 'command export'])} "${name}=rm"; $${name} q`,
    () => `${name}=ls; true && command read ${name} <<< rm; $${name} q`,
    () => `set -- ls; eval "set -- rm"; "$1" q`,
    () => `cat <<EOF\n${'$'}{x:-'$(rm z)'}\nEOF\n${simple(context)}`,
    () => `${name}=ls; read -dn ${name} <<< rm; $${name} q`,
    () => `cat < <(${simple(context)}) > >(${simple(context)}); wait`,
  ];
}

function pipeline(context: Context): string {
  const parts = [simple(context)];
  while (context.random.chance(0.2)) parts.push(simple(context));
  return parts.join(context.plain || context.random.chance(0.9) ? ' | ' : ' |& ');
}

function simple(context: Context): string {
  const { random, plain, depth } = context;
  const program = plain || random.chance(0.95) ? random.of([...stubs, 'echo', 'true', 'printf']) : word(context);
  // A format that is only known when it runs may name variables to set.
  const words = program === 'printf' && plain ? [program, "'%s'"] : [program];
  for (let count = random.below(4); count > 0; count--) words.push(word(context));
  let text = words.join(' ');
  if (random.chance(0.15)) text += random.of([' >/dev/null', ' 2>/dev/null', ' 2>&1', ' </dev/null', ' >/dev/null 2>&1']);
  if (!plain && random.chance(0.1))
    text = `${random.of(['A=1', 'x=rm', 'x=$(ls n)', 'PATH=$PATH', '>o', '2>e', 'x+=y', 'a[0]=b'])} ${text}`;
  if (!plain && random.chance(0.08))
    text += random.of([' > o', ' >> o', ' <<< rm', ' &> o', ' {fd}> o', ' 3>&1', ' >| o', ' <> o', ' > >(cat j)']);
  return depth < 4 && random.chance(0.22) ? wrapped(text, context) : text;
}

function wrapped(text: string, context: Context): string {
  const { random, plain } = context;
  const quoted = `'${text.replaceAll("'", "'\\''")}'`;
  const forms = [
    `env ${text}`,
    `env A=1 B=2 ${text}`,
    `timeout 5 ${text}`,
    `timeout -k 1 5s ${text}`,
    `timeout --signal=KILL 5 ${text}`,
    `nice ${text}`,
    `nice -n 5 ${text}`,
    `nohup ${text}`,
    `stdbuf -oL ${text}`,
    `stdbuf -o L -e0 ${text}`,
    `command ${text}`,
    `bash -c ${quoted}`,
    `bash -ec ${quoted}`,
    `bash -o pipefail -c ${quoted}`,
    `sh -c ${quoted}`,
    `setsid -w ${text}`,
    `env -u A -- ${text}`,
    `nice -5 timeout 5 ${text}`,
  ];
  if (!plain)
    forms.push(
      `env -i PATH="$PATH" ${text}`,
      `env -S ${quoted}`,
      `echo a b | xargs ${text}`,
      `echo a b | xargs -n 1 ${text}`,
      `echo a | xargs -I{} ${text} {} x{}y`,
      `echo a | xargs -I R sh -c ${quoted}`,
      `echo rm | xargs -I{} {} z`,
      `eval ${text}`,
      `eval ${quoted}`,
      `builtin ${text}`,
      `exec ${text}`,
      `timeout "$T" ${text}`,
      `env $E ${text}`,
      `env "$E" ${text}`,
      `nice $N ${text}`,
      `flock l ${text}`,
      `flock l -c ${quoted}`,
      `bash -lc ${quoted}`,
      `bash -xc ${quoted}`,
      `bash +e -c ${quoted}`,
      `bash -c ${quoted} bash`,
      `bash -O extglob -c ${quoted}`,
      `bash --norc -c ${quoted}`,
      `command -p ${text}`,
      `env bash -c ${quoted}`,
      `time ${text}`,
      `coproc ${text}`,
    );
  return random.of(forms);
}
