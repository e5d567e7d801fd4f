import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Decision } from '@sentinel/crds';
import { judgeCommand } from '../rules/evaluate.ts';
import { policy } from '../testing.ts';

const decided = (rule: string, argv: readonly string[]): Decision => judgeCommand([policy([rule])], argv).decision;
const says = (rule: string, command: string) => decided(rule, command.split(' '));

describe('A rule that stops', () => {
  const rows: Record<string, readonly string[]> = {
    'Deny helm uninstall': [
      'helm uninstall x',
      'helm del x',
      'helm delete x',
      'helm un x',
      'helm -n a un x',
      '/opt/helm-3.1 del x',
      'h del x',
    ],
    'Deny helm del': ['helm uninstall x', 'helm delete x', 'helm un x'],
    'Deny helm list': ['helm ls', 'helm --debug ls -A'],
    'Deny helm dependency update': ['helm dep up .', 'helm dependencies update .', 'helm dep -n x up .'],
    'Deny helm repo|plugin remove': ['helm repo rm x', 'helm plugin uninstall x'],
    'Deny helm plugin add': ['helm plugin install x'],
    'Deny helm pull': ['helm fetch x'],
    'Deny helm show': ['helm inspect x'],
    'Deny kubectl config use-context': ['kubectl config use x'],
    'Deny kubectl create deployment': ['kubectl create deploy x', 'kubectl -n a create deploy x'],
    'Deny kubectl delete deployments': [
      'kubectl delete deployment x',
      'kubectl delete deploy x',
      'kubectl delete deploy/x',
      'kubectl delete deployments.apps x',
      'kubectl delete deployments.v1.apps/x',
      'kubectl delete Deployment x',
      'kubectl delete pod/y deploy/x',
      'kubectl delete pods,deploy -l app=x',
      'kubectl delete all --all',
      'kubectl -n a delete --wait=false deploy/x',
      'kubectl delete -l app=x deploy',
      'k delete deploy/x',
      'oc delete deploy/x',
      'kubectl-delete deploy/x',
      '/usr/local/bin/kubectl-1.31 delete deploy/x',
    ],
    'RequireApproval kubectl get po': ['kubectl get pods', 'kubectl get pod/x', 'kubectl get svc,po', 'kubectl get all'],
    'Deny kubectl get secret': [
      'kubectl get secrets',
      'kubectl get pods,secrets',
      'kubectl get secrets.v1./x',
      'kubectl get SECRETS',
      'kubectl get -o yaml -- secret/db',
      'kubectl get -- cm,secret',
      'kubectl get -- Secret',
      'kubectl get -- secrets.v1./db',
      'kubectl get pods/x -- secret/db',
      'kubectl --v 5 get -n x -- secret/db',
    ],
    'Deny kubectl delete deployment/web': [
      'kubectl delete deploy/web',
      'kubectl delete deployment web',
      'kubectl delete deployment/web',
    ],
    'Deny kubectl delete certificates': ['kubectl delete certificates.cert-manager.io/x', 'kubectl delete pod,certificates x'],
    'Deny kubectl rollout undo deployment': ['kubectl rollout undo deploy/web'],
  };
  for (const [rule, commands] of Object.entries(rows))
    for (const command of commands)
      it(`${rule}: ${command}`, () => assert.equal(says(rule, command), rule.split(' ')[0], command));

  const others: readonly (readonly [rule: string, command: string])[] = [
    ['Deny helm uninstall', 'helm list uninstall'],
    ['Deny helm repo remove', 'helm plugin rm x'],
    ['Deny kubectl delete pods', 'kubectl delete deploy/pods'],
    ['Deny kubectl delete pods', 'kubectl delete deploy pods'],
    ['Deny kubectl delete secrets', 'kubectl delete pod secrets'],
    ['Deny kubectl delete deployment/web', 'kubectl delete deploy/api'],
    ['Deny kubectl exec secrets', 'kubectl exec x -- cat secrets/y'],
    ['Deny kubectl exec secrets', 'kubectl -n x exec -- secrets/y'],
    ['Deny kubectl get all', 'kubectl describe all'],
  ];
  for (const [rule, command] of others)
    it(`does not match what is something else: ${rule}: ${command}`, () => assert.notEqual(says(rule, command), 'Deny'));

  it('knows the beginning of an operand that goes on with what is unknown', () => {
    const judged = (script: string) => decided('Deny kubectl delete deployments', ['bash', '-c', script]);
    for (const script of [
      'kubectl delete "deploy/$x"',
      'kubectl delete "pods,$x"',
      'kubectl delete "deploy.$x"',
      'kubectl delete "dep$x"',
    ])
      assert.equal(judged(script), 'Deny', script);
    assert.notEqual(judged('kubectl delete "pod/$x"'), 'Deny');
  });

  it('shows its prefix as it is written', () => {
    const { reasons } = judgeCommand([policy(['Deny helm uninstall'])], ['helm', 'del', 'x']);
    assert.deepEqual(reasons[0]?.matched, ['helm', 'uninstall']);
    assert.match(reasons[0]?.message ?? '', /'helm del x' is denied by 'helm uninstall'/);
  });

  it('asks about more operands than are taken apart', () => {
    const argv = ['kubectl', 'delete', ...Array.from({ length: 65 }, (_, index) => `pod/p${index}`)];
    assert.match(JSON.stringify(judgeCommand([], argv).opaque), /it names more than 64 objects/);
    assert.deepEqual(judgeCommand([], argv.slice(0, -1)).opaque, []);
  });
});

describe('A rule that allows', () => {
  for (const command of ['helm ls', 'kubectl get po', 'kubectl get pods/x'])
    it(`is compared as it is written: ${command}`, () => {
      const { reasons } = judgeCommand([policy(['Allow helm list', 'Allow kubectl get pods'])], command.split(' '));
      assert.ok(!reasons.some(({ rule }) => rule.startsWith('commands[')));
    });
});

// Each of these was tried with kubectl 1.36 and helm 4.3: they run the subcommand that is said here.
describe('An invocation that hides its subcommand', () => {
  const deletes: (readonly string[])[] = [
    ['-', 'delete', 'pods'],
    ['', 'delete', 'pods'],
    ['-n', 'x', 'delete', 'pods'],
    ['-nx', 'delete', 'pods'],
    ['-n=x', 'delete', 'pods'],
    ['-n=', 'delete', 'pods'],
    ['-n', '--', 'delete', 'pods'],
    ['--namespace', '-n', 'delete', 'pods'],
    ['--all=true', 'delete', 'pods'],
    ['--version', 'delete', 'pods'],
    ['--v', '5', 'delete', 'pods'],
    ['-v5', 'delete', 'pods'],
    ['--warnings_as_errors', 'delete', 'pods'],
    ['--request_timeout', 'get', 'delete', 'pods'],
    ['-hn', 'delete', 'pods'],
  ];
  for (const words of deletes)
    it(`is found: kubectl ${JSON.stringify(words)}`, () =>
      assert.equal(decided('Deny kubectl delete', ['kubectl', ...words]), 'Deny'));
  for (const words of [
    ['-', 'un'],
    ['', 'un'],
    ['-nx', 'un'],
    ['--wait=true', 'un'],
    ['--debug', 'un'],
    ['repo', '-', 'rm'],
  ])
    it(`is found: helm ${JSON.stringify(words)}`, () => {
      const rule = words.includes('rm') ? 'Deny helm repo remove' : 'Deny helm uninstall';
      assert.equal(decided(rule, ['helm', ...words, 'x']), 'Deny');
    });

  for (const words of [
    ['--what', 'get', 'pods'],
    ['-R', 'get', 'pods'],
    ['', 'get', 'pods'],
    ['-', 'get', 'pods'],
    ['-n', 'x', '--all', 'get'],
  ])
    it(`asks about an option that is not known there, whatever is allowed: kubectl ${JSON.stringify(words)}`, () => {
      const judged = judgeCommand([policy(['Allow kubectl'])], ['kubectl', ...words]);
      assert.equal(judged.decision, 'RequireApproval');
      assert.ok(judged.reasons.some(({ rule, remedy }) => rule === 'commands.subcommand' && remedy !== ''));
      assert.equal(judgeCommand([], ['kubectl', ...words]).decision, 'RequireApproval');
    });
  for (const command of [
    'kubectl -n x --context=y -v 5 get pods',
    'helm --debug -n x list',
    'kubectl --no-headers=true get pods',
  ])
    it(`asks nothing about options that are known: ${command}`, () =>
      assert.equal(judgeCommand([policy([])], command.split(' ')).opaque.length, 0));
});

describe('An option of kubectl that changes who acts, or where', () => {
  for (const command of [
    'kubectl get pods --insecure_skip_tls_verify',
    'kubectl get pods --as_group=system:masters',
    'kubectl get pods --as-user-extra=a=b',
    'kubectl -s https://evil.io get pods',
    'kubectl get pods -shttps://evil.io',
    'kubectl get pods -As https://evil.io',
    'kubectl config use x',
    'kubectl kuberc set --section aliases',
    'helm plugin add x',
  ])
    it(`needs a person, whatever is allowed: ${command}`, () => {
      const judged = judgeCommand([policy(['Allow kubectl', 'Allow helm'])], command.split(' '));
      assert.match(judged.reasons.map(({ rule }) => rule).join(), /dangerous\./);
    });
  for (const command of [
    'kubectl get pods -ojson',
    'kubectl get pods -nkube-system',
    'kubectl get pods -lapp=shops',
    'kubectl get pods -Aojson',
  ])
    it(`is not seen in the value of another: ${command}`, () =>
      assert.equal(judgeCommand([policy([])], command.split(' ')).decision, 'Allow'));
});
