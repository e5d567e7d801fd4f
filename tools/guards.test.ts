import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { guardsModule, guardsOf, templatesOf } from './guards.ts';

const templates = templatesOf(join(import.meta.dirname, '..', 'charts', 'sentinel'));

/** The chart with one template altered. */
function altered(file: string, from: string | RegExp, to: string): Map<string, string> {
  const text = templates.get(file) ?? '';
  const changed = text.replace(from, () => to);
  assert.notEqual(changed, text);
  return new Map([...templates, [file, changed]]);
}

describe('The guards among the templates', () => {
  it('are read without labels, with the Pod Security labels of the sandbox namespace', () => {
    const { guards, namespaceLabels } = guardsOf(templates);
    assert.deepEqual(
      guards.find(({ metadata }) => metadata.name === 'sentinel-default-deny'),
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
        metadata: { name: 'sentinel-default-deny', namespace: 'sentinel-sandboxes' },
      },
    );
    assert.deepEqual(Object.keys(namespaceLabels), [
      'pod-security.kubernetes.io/enforce',
      'pod-security.kubernetes.io/enforce-version',
    ]);
    assert.doesNotMatch(guardsModule(guardsOf(templates)), /\{\{|app\.kubernetes\.io\/instance/);
  });

  it('have a word for the values of a release that the operator knows', () => {
    const { guards } = guardsOf(templates);
    const of = (name: string, kind: string) =>
      JSON.stringify(guards.find((one) => one.metadata.name === name && one.kind === kind));
    assert.match(of('sentinel-schedules', 'NetworkPolicy'), /"egress":\[\{"ports":"\$\(apiServerPorts\)"\}\]/);
    assert.match(of('sentinel-schedule-guard', 'ValidatingAdmissionPolicy'), /c\.image == '\$\(image\)'/);
  });

  const refused: readonly (readonly [string, Map<string, string>, RegExp])[] = [
    [
      'a value of the release',
      altered('webhook.yaml', 'timeoutSeconds: 10', 'timeoutSeconds: {{ .Values.webhook.timeout }}'),
      /webhook\.yaml: a guard must be the same in each installation, but this one has '\{\{ \.Values\.webhook\.timeout \}\}'/,
    ],
    ['what looks like such a word', altered('sandbox.yaml', 'port: 8443', 'port: $(image)'), /must not contain '\$\('/],
    [
      'a condition around a guard',
      new Map([
        ...templates,
        ['sandbox.yaml', `{{- if .Values.sandbox.egress }}\n---\n${templates.get('sandbox.yaml')}{{- end }}\n`],
      ]),
      /sandbox\.yaml: .* within a condition/,
    ],
    [
      'a kind that the operator does not read',
      new Map([
        ...templates,
        ['new.yaml', 'apiVersion: admissionregistration.k8s.io/v1\nkind: MutatingAdmissionPolicy\nmetadata:\n  name: x\n'],
      ]),
      /new\.yaml: the operator does not compare MutatingAdmissionPolicy 'x'/,
    ],
    ['a guard twice', new Map([...templates, ['copy.yaml', templates.get('sandbox.yaml') ?? '']]), /is in the templates twice/],
    ['no guard of a kind', new Map([...templates, ['webhook.yaml', '']]), /no template has a MutatingWebhookConfiguration/],
    [
      'a sandbox namespace without Pod Security',
      altered('namespaces.yaml', /^.*pod-security.*\n.*pod-security.*\n/m, ''),
      /Pod Security labels/,
    ],
  ];
  for (const [what, chart, message] of refused)
    it(`are refused with ${what}`, () => {
      assert.throws(() => guardsOf(chart), message);
    });
});
