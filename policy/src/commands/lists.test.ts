import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Decision } from '@sentinel/crds';
import { judgeCommand } from './judge.ts';
import { judged, policy } from './testing.ts';

const nothing = policy([]);
const everything = policy(['Allow rm|kubectl|git|dd|find|sudo|curl|helm|terraform|tar|sed|chmod|systemctl|docker']);

describe('A command that only reads', () => {
  const reads = [
    'ls',
    'ls -la a',
    'cat a "$x"',
    'head -n 5 a',
    'tail -f a',
    'grep -r x .',
    'wc -l',
    'echo hi',
    'cut -d: -f1',
    'tr a b',
    'stat a',
    'id',
    'whoami',
    'pwd',
    'uname -a',
    'seq 3',
    'expr 1 + 1',
    'base64 a',
    'date',
    'uniq a',
    'sort a',
    'nl -nrz a',
    'tac a',
    'numfmt 1000',
    'paste a b',
    'rev a',
    'which git',
    'find . -name x',
    'rg x -n',
    'sed -n 1,5p a',
    "sed -n '3p' a",
    'test -f a',
    '[ -n "$x" ]',
    'printf %s a',
    'cd /x',
    'set -e',
    'true',
    'kubectl get pods',
    'kubectl -n x get deploy web -o yaml',
    'kubectl logs web',
    'kubectl describe pod x',
    'kubectl top pods',
    'kubectl rollout status deployment/web',
    'kubectl version',
    'helm list',
    'helm -n x status web',
    '/bin/ls',
    '/usr/bin/cat a',
    "jq '.items[]' a",
    'ls | wc -l',
    'xargs cat',
    'for f in a b; do cat "$f"; done',
  ];
  for (const script of reads)
    it(`is allowed: \`${script}\``, () =>
      assert.equal(
        judgeCommand([nothing], ['bash', '-c', script]).decision,
        'Allow',
        JSON.stringify(judgeCommand([nothing], ['bash', '-c', script]).reasons),
      ));

  const others = [
    'cp a b',
    'touch a',
    'mkdir a',
    'tee a',
    'foo',
    'git status',
    'git log -p -1',
    'git branch --show-current',
    'cargo check',
    'base64 -o a',
    'base64 --output=a',
    'base64 -oa',
    'find . -delete',
    'find . -fprint a',
    'find . -exec foo {} \\;',
    'find . -ok rm {} \\;',
    'rg --pre x y',
    'rg --pre=x y',
    'rg --hostname-bin x y',
    'rg -z x',
    'rg --search-zip x',
    'sed -n xp a',
    'sed -i s/a/b/ c',
    'sed -n 1p a b',
    'sort -o a b',
    'sort --compress-program=x a',
    'uniq a b',
    'date -s x',
    'printf -v x y',
    'kubectl get secrets',
    'kubectl get secret x -o yaml',
    'kubectl get pods,secrets',
    'kubectl get secret/x',
    'kubectl get --raw /',
    'kubectl get pods --kubeconfig=x',
    'kubectl get pods --as=root',
    'kubectl apply -f a',
    'kubectl foo',
    'kubectl cluster-info dump',
    'helm upgrade a b',
    'helm list --kubeconfig x',
    './ls',
    '/tmp/ls',
    '/tmp/env ls',
    'find $x',
    'sort "$x"',
    'LD_PRELOAD=x ls',
    'ls > a',
    'env',
    'printenv',
    'kubectl get "$x"',
    'test -v "a[$x]"',
  ];
  for (const script of others)
    it(`is not: \`${script}\``, () => assert.equal(judgeCommand([nothing], ['bash', '-c', script]).decision, 'RequireApproval'));
});

describe('A dangerous command', () => {
  const dangerous = [
    'rm -rf /',
    'rm -f a',
    '/bin/rm -fr a',
    'rm -r -f a',
    'rm --force a',
    'rm a -f',
    'rm -vrf a',
    'rm --forc a',
    'rm "$x"',
    'rm *',
    'sudo rm -rf a',
    'sudo ls',
    'kubectl delete pod x',
    'kubectl -n x delete pod y',
    'kubectl drain n',
    'kubectl exec x -- ls',
    'kubectl apply --force -f x',
    'kubectl get pods --token=x',
    'kubectl --server=x get pods',
    'kubectl get --raw /',
    'kubectl create token x',
    'kubectl "$x"',
    'git push --force',
    'git push -f origin x',
    'git push origin +x',
    'git push origin :x',
    'git reset --hard',
    'git clean -fdx',
    'git -c core.pager=x log',
    'git config a b',
    'git -C /x push --force-with-lease',
    'dd if=a of=b',
    'find . -delete',
    'curl -d @a x',
    'curl -o a x',
    'curl -sSk x',
    'helm uninstall x',
    'helm -n y delete x',
    'terraform destroy',
    'terraform -chdir=x apply',
    'tar xf a --to-command=x',
    'tar --checkpoint-action=exec=x cf a b',
    'sed -i s/a/b/ c',
    'chmod 777 a',
    'systemctl --now stop x',
    'docker run x',
    'printf x | rm -rf a',
    'if test -d a; then rm --force a; fi',
    'rm -rf "$x" >/dev/null',
    'for x in a b; do rm -r -f "$x"; done',
    'echo "$(rm -rf a)"',
    'if then rm -rf a',
  ];
  for (const script of dangerous) {
    it(`asks, whatever allows it: \`${script}\``, () => {
      const { decision, reasons } = judgeCommand([everything], ['bash', '-c', script]);
      assert.equal(decision, 'RequireApproval');
      assert.ok(reasons.some(({ rule }) => rule.startsWith('dangerous.')));
    });
    it(`asks without a policy: \`${script}\``, () => assert.equal(judged(undefined, script).decision, 'RequireApproval'));
  }

  const rows: Record<string, Decision> = {
    'rm a': 'Allow',
    'rm -- -f': 'Allow',
    "echo 'rm -rf a'": 'Allow',
    'git push origin x': 'Allow',
    'git commit -m "$x"': 'Allow',
    'kubectl apply -f x': 'Allow',
    'curl -fsSL x': 'Allow',
    'git log --format=x': 'Allow',
    'kubectl -n "$x" get pods': 'Allow',
    'cmd=rm; $cmd -rf a': 'RequireApproval',
  };
  for (const [script, decision] of Object.entries(rows))
    it(`${decision === 'Allow' ? 'is not' : 'is'}: \`${script}\``, () =>
      assert.equal(
        judgeCommand([everything], ['bash', '-c', script]).decision,
        decision,
        JSON.stringify(judgeCommand([everything], ['bash', '-c', script]).reasons),
      ));
});
