import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readArgv } from '../analyze/read-argv.ts';
import { showWord } from '../shell/words.ts';
import { judged } from '../testing.ts';

const read = (script: string) => {
  const { commands, concerns } = readArgv(['bash', '-c', script]);
  return {
    commands: commands.slice(1).map(({ words, role }) => `${role === 'Guess' ? '? ' : ''}${words.map(showWord).join(' ')}`),
    opaque: concerns.some(({ kind }) => kind === 'Opaque'),
  };
};

describe('What a wrapper starts', () => {
  const rows: Record<string, readonly [string, string]> = {
    'is found behind env': ['env a b', 'a b'],
    'is found behind assignments of env': ['env A=1 B= a b', 'a b'],
    'is found behind options of env': ['env -i -u X --unset=Y -C / -- a b', 'a b'],
    'is found in the text that env splits': ["env -S 'a b' c", 'a b c'],
    'is found in the text that env splits, attached': ["env '-Sa b'", 'a b'],
    'is found behind sudo': ['sudo -n -u root A=1 a b', 'a b'],
    'is found behind doas': ['doas -u root a b', 'a b'],
    'is found in what su runs': ["su root -c 'a b'", 'a b'],
    'is found behind nice': ['nice -n 5 a', 'a'],
    'is found behind nice with a number': ['nice -5 a', 'a'],
    'is found behind ionice': ['ionice -c 3 a', 'a'],
    'is found behind nohup': ['nohup a', 'a'],
    'is found behind setsid': ['setsid -w a', 'a'],
    'is found behind timeout': ['timeout -k 5 --signal=KILL 10s a b', 'a b'],
    'is found behind stdbuf': ['stdbuf -oL -e 0 a', 'a'],
    'is found behind time': ['command time -f %e a', 'a'],
    'is found behind xargs': ['xargs -0 -n 1 a b', 'a b ⟨its input⟩'],
    'is found behind xargs that replaces': ['xargs -I{} a {} x{}y', 'a ⟨{}⟩ ⟨x{}y⟩'],
    'is found behind find': ['find . -name x -exec a {} \\;', 'a ⟨{}⟩'],
    'is found behind find that gathers': ['find . -execdir a {} +', 'a ⟨{}⟩'],
    'is found behind flock': ['flock -w 5 /x a b', 'a b'],
    'is found in what flock runs': ["flock /x -c 'a b'", 'a b'],
    'is found behind watch': ["watch -n 5 'a b'", 'a b'],
    'is found behind watch that starts it': ['watch -x a b', 'a b'],
    'is found behind chroot': ['chroot --userspec=x / a b', 'a b'],
    'is found behind unshare': ['unshare -r -n a b', 'a b'],
    'is found behind nsenter': ['nsenter -t 1 -m -- a b', 'a b'],
    'is found in what script runs': ["script -qc 'a b' /dev/null", 'a b'],
    'is found behind exec': ['exec -a x a b', 'a b'],
    'is found behind command': ['command -p a b', 'a b'],
    'is found behind builtin': ['builtin a b', 'a b'],
    'is found behind busybox': ['busybox a b', 'a b'],
    'is found behind several': ['env timeout 5 nice xargs a', 'a ⟨its input⟩'],
    'is found in a shell behind one': ["timeout 5 sh -c 'a b'", 'a b'],
    'is found in a pod': ['kubectl exec -it web -c x -- a b', 'a b'],
    'is found in a new pod': ['kubectl run x --image=y --command -- a b', 'a b'],
    'is found in a debug container': ['kubectl debug web -it --image=y -- a b', 'a b'],
    'is found in an alias of git': ["git -c alias.x='!a b' x", 'a b'],
    'is found in a rebase of git': ["git rebase -x 'a b' main", 'a b'],
    'is found in a bisection of git': ['git bisect run a b', 'a b'],
    'is found in submodules of git': ["git submodule foreach 'a b'", 'a b'],
  };
  for (const [name, [script, command]] of Object.entries(rows))
    it(name, () => {
      const { commands, opaque } = read(script);
      assert.equal(commands.at(-1), command);
      assert.equal(opaque, false);
    });

  const unclear: Record<string, string> = {
    'is opaque behind an unknown option': 'timeout --what 5 kubectl delete x',
    'is opaque behind an unknown word': 'timeout "$t" kubectl delete x',
    'is opaque behind an unknown number of words': 'env $e kubectl delete x',
    'is opaque on another host': 'ssh host kubectl delete x',
    'is opaque in a container': 'docker run --rm image kubectl delete x',
    'is opaque behind parallel': 'parallel kubectl delete ::: x',
    'is opaque where env splits in a way of its own': `env -S 'kubectl "delete" x' kubectl delete x`,
  };
  for (const [name, script] of Object.entries(unclear))
    it(`${name}, and can be denied`, () => {
      assert.equal(read(script).opaque, true);
      assert.equal(judged(['Deny kubectl delete', 'Allow timeout|env|ssh|docker|parallel'], script).decision, 'Deny');
    });

  it('is denied for its input', () => {
    assert.equal(judged(['Deny kubectl delete'], 'ls | xargs kubectl').decision, 'Deny');
    assert.equal(judged(['Deny rm'], "find . -name '*.tmp' | xargs -r rm").decision, 'Deny');
  });
  it('is opaque when its input names it', () => assert.equal(read('xargs -I{} {} a').opaque, true));
  it('is opaque below the bound', () => assert.equal(read(`${'env '.repeat(40)}a`).opaque, true));
  it('may be changed by env', () => {
    assert.equal(judged(['Allow foo'], 'env PATH=/x foo').decision, 'RequireApproval');
    assert.equal(judged(['Allow foo'], 'env -u PATH foo').decision, 'RequireApproval');
    assert.equal(judged(['Allow foo'], 'env REGION=x foo').decision, 'Allow');
  });
});

describe('Code that is not read', () => {
  const opaque = [
    "python3 -c 'x'",
    'python3.12 -',
    "perl -e 'x'",
    "perl -ne 'x'",
    'node -e x',
    'node --eval=x',
    'ruby -e x',
    "php -r 'x'",
    'php --run x',
    'php --process-code=x',
    'python3 - x',
    'python3 -u - x',
    'python3 -W ignore - x',
    'python3 /dev/stdin',
    'python3 /proc/self/fd/0 x',
    'python3 "/dev/$x"',
    'python3 -u /dev/fd/3 x',
    'node - x',
    'perl - x',
    'perl -w - x',
    'ruby /dev/stdin x',
    'php -- /dev/stdin',
    "lua -e 'x'",
    'python',
    'make',
    'make test',
    'npm run x',
    'npm test',
    'npm --prefix view run x',
    'npm --loglevel view run x',
    'npm -C ls run x',
    'npm --what ls run x',
    'npm --prefix $x ls run y',
    'npm version patch',
    'pnpm -C ls run x',
    'yarn --cwd ls run x',
    'npx x',
    'yarn x',
    'just x',
    'awk \'BEGIN { system("x") }\'',
    'awk \'{ print > "x" }\'',
    'awk -f x',
    'awk \'$3 > 5 { print >"x" }\'',
    'awk \'{ printf("a")\n> "x" }\'',
    'awk "BEGIN{system(\\"x\\")$x}"',
    'awk "{ print $x }" a',
    'awk "-F$x" a b',
    'awk $x a',
    'awk -F $x a',
    'mawk -W exec x',
    'mawk -Wexec=x',
    'gawk -W file=x a',
    "gawk -ox '{ print }'",
    "gawk --pretty-print=x '{ print }'",
    "gawk --dump-variables=x '{ print }'",
    "gawk -dx '{ print }'",
    "gawk --profile=x '{ print }'",
    "gawk -px '{ print }'",
    "awk -v a=b -- 'BEGIN { system(a) }'",
    "sed '1e x'",
    "sed 's/a/b/e'",
    "sed -n 's/a/b/w x'",
    'sed -f x',
    "sed 's/[/]/; s/w x/y/' a",
    "sed 's/a/b/; e x'",
    "sed 's/a/b/; s/c/d/e'",
    "sed 's/a/b/; w x'",
    "sed -ne 's/a/b/w x'",
    'sed -ne "$x"',
    "sed ''",
    'vim -c x',
    'man x',
    'less x',
    'fish -c x',
    'ansible-playbook x',
    'git clone ext::x y',
    'go run x',
    'cargo test',
    'psql -c x',
    'parallel a ::: b',
    'crontab x',
    'eval "$x"',
  ];
  for (const script of opaque)
    it(`asks for \`${script}\`, whatever allows it`, () => {
      const [program = ''] = script.split(' ');
      assert.equal(judged([`Allow ${program}`], script).decision, 'RequireApproval');
    });
  const plain = [
    "awk '{ print $1 }' a",
    "awk -F'|' -v 'a=b' '{ print $1 }' \"$x\"",
    "awk -F: -- '{ print $1 }' a",
    "awk 'NR>1 {print $1}' a",
    "awk '$3 > 5'",
    "sed 's/a/b/g' c",
    "sed -n '1,5p' a",
    "sed -e 's|a|b|' -e '/x/d' c",
    'sed -ne 1,5p a',
    "sed 's/a/b/; s/c/d/g' a",
    "sed '/x/d;s/a;b/c/;p' a",
    "sed -E 's/[a-z]+/x/' a",
    'python3 ./tool.py',
    'python3 ./tool.py - /dev/stdin',
    'node tool.js -',
    'npm ls',
    'npm --prefix x ls',
    'npm --loglevel=error -g ls',
    'go version',
    'tar tf x',
  ];
  for (const script of plain)
    it(`lets a rule allow \`${script}\``, () => {
      const [program = ''] = script.split(' ');
      assert.equal(
        judged([`Allow ${program}`], script).decision,
        'Allow',
        JSON.stringify(judged([`Allow ${program}`], script).reasons),
      );
    });
});
