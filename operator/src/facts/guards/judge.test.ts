import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AnyObject } from '@sentinel/kube';
import { sandboxNamespaceLabels, renderedGuards as templates } from '../../generated/guards.ts';
import { guardsOfRelease } from '../release-values.ts';
import { answers } from './defaults.fixture.ts';
import { fillDefaults, SERVER_DEFAULTS } from './defaults.ts';
import { judgeGuard, judgeNamespace, judgeNetworkPolicies } from './judge.ts';

const renderedGuards = guardsOfRelease(templates, {
  image: 'registry.example/sentinel@sha256:0123',
  apiServerPorts: [
    { protocol: 'TCP', port: 443 },
    { protocol: 'TCP', port: 6443 },
  ],
});

/** What a cluster has after `helm upgrade`: defaults filled in, and what servers, Helm and Argo CD add. */
function installed(rendered: AnyObject): AnyObject {
  const live = fillDefaults(rendered);
  Object.assign(live.metadata, {
    uid: 'f2b8a7c6-0000-4000-8000-000000000000',
    resourceVersion: '4711',
    generation: 3,
    creationTimestamp: '2026-01-01T00:00:00Z',
    labels: { 'app.kubernetes.io/managed-by': 'Helm', 'app.kubernetes.io/instance': 'guards-of-argo' },
    annotations: { 'meta.helm.sh/release-name': 'sentinel', 'argocd.argoproj.io/tracking-id': 'sentinel:x' },
    ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'y' }],
    finalizers: ['example.com/x'],
    managedFields: [{ manager: 'helm', operation: 'Apply', fieldsV1: { 'f:spec': {} } }],
  });
  live.status = { observedGeneration: 3, typeChecking: {}, conditions: [{ type: 'Ready', status: 'False' }] };
  for (const webhook of (live.webhooks ?? []) as { clientConfig: Record<string, unknown> }[])
    webhook.clientConfig.caBundle = 'LS0tLS1CRUdJTg==';
  return live;
}

interface Change {
  readonly what: string;
  /** What the message must name. */
  readonly path: string;
  readonly live: AnyObject;
}

type Container = Record<string | number, unknown>;
type Step = string | number;

const write = (steps: readonly Step[]): string =>
  steps.reduce<string>((path, step) => {
    if (typeof step === 'number') return `${path}[${step}]`;
    if (!/^[A-Za-z]+$/.test(step)) return `${path}["${step}"]`;
    return path === '' ? step : `${path}.${step}`;
  }, '');

/** Every single change of what a guard enforces: each field altered, removed, and one added to each object; each list longer and shorter. */
function* changes(live: AnyObject, steps: readonly Step[] = []): Generator<Change> {
  const at = steps.reduce<unknown>((value, step) => (value as Container)[step], live);
  const change = (what: string, path: readonly Step[], alter: (parent: Container) => void, parent = steps): Change => {
    const altered = structuredClone(live);
    alter(parent.reduce<unknown>((value, step) => (value as Container)[step], altered) as Container);
    return { what: `${what} ${write(path)}`, path: write(path), live: altered };
  };
  if (Array.isArray(at)) {
    yield change('add an entry to', steps, (list) => (list as unknown as unknown[]).push(structuredClone(at[0])));
    yield change('remove an entry of', steps, (list) => (list as unknown as unknown[]).pop());
    for (const index of at.keys()) yield* changes(live, [...steps, index]);
  } else if (typeof at === 'object' && at !== null) {
    if (steps.length > 0)
      yield change('add a field to', [...steps, 'unexpected'], (parent) => {
        parent.unexpected = { any: true };
      });
    for (const field of Object.keys(at)) {
      if (steps.length === 0 && !['spec', 'webhooks'].includes(field)) continue;
      if (field === 'caBundle') continue;
      const path = [...steps, field];
      yield change('remove', path, (parent) => delete parent[field]);
      yield* changes(live, path);
    }
  } else {
    const [last = ''] = steps.slice(-1);
    const other = typeof at === 'string' ? `${at} ` : typeof at === 'number' ? at + 1 : !at;
    const alter = (parent: Container) => {
      parent[last] = other;
    };
    yield change('alter', steps, alter, steps.slice(0, -1));
  }
}

const isNetworkPolicy = ({ kind }: AnyObject) => kind === 'NetworkPolicy';

describe('The guards of a real run', () => {
  it('are all that the chart renders', () => {
    const count = (kind: string) => renderedGuards.filter((guard) => guard.kind === kind).length;
    assert.equal(count('ValidatingAdmissionPolicy'), count('ValidatingAdmissionPolicyBinding'));
    assert.ok(count('ValidatingAdmissionPolicy') >= 7);
    assert.equal(count('NetworkPolicy'), 3);
    assert.doesNotMatch(JSON.stringify(renderedGuards), /\$\(/);
    assert.equal(count('MutatingWebhookConfiguration'), 1);
    assert.equal(count('ValidatingWebhookConfiguration'), 1);
  });

  for (const rendered of renderedGuards) {
    const object = `${rendered.kind} '${rendered.metadata.name}'`;

    it(`${object}: what servers, Helm and Argo CD add is no fault`, () => {
      assert.equal(judgeGuard(rendered, installed(rendered)), undefined);
      assert.equal(judgeGuard(rendered, fillDefaults(rendered)), undefined);
    });

    it(`${object}: each single change is a fault that names object and path`, () => {
      const all = [...changes(installed(rendered))];
      assert.ok(all.length >= 8, `${all.length} changes`);
      for (const { what, path, live } of all) {
        const fault = judgeGuard(rendered, live) ?? '';
        assert.ok(fault.startsWith(`${object} differs from this version of Sentinel at ${path}: expected `), `${what}: ${fault}`);
        if (what.startsWith('add ')) assert.match(fault, /; remove what was added$/);
        assert.ok(fault.length < 600, fault);
      }
    });

    it(`${object}: a missing one is a fault`, () => {
      assert.equal(judgeGuard(rendered, null), `${object} is missing; run \`helm upgrade\` to restore it`);
    });
  }

  it('a NetworkPolicy that Sentinel did not install is a fault, a missing one too', () => {
    const sandboxes = 'sentinel-sandboxes';
    const rendered = renderedGuards.filter((guard) => isNetworkPolicy(guard) && guard.metadata.namespace === sandboxes);
    const live = rendered.map(installed);
    assert.deepEqual(judgeNetworkPolicies(sandboxes, rendered, live), []);
    // The items of a list carry neither apiVersion nor kind.
    const items = live.map(({ apiVersion: _, kind: __, ...item }) => item as AnyObject);
    assert.deepEqual(judgeNetworkPolicies(sandboxes, rendered, items), []);
    const extra = { ...installed(rendered[0] as AnyObject), metadata: { name: 'open', namespace: sandboxes } };
    assert.deepEqual(judgeNetworkPolicies(sandboxes, rendered, [...live, extra]), [
      "NetworkPolicy 'open' in namespace 'sentinel-sandboxes' is not part of Sentinel and may allow more traffic; delete it",
    ]);
    assert.deepEqual(judgeNetworkPolicies(sandboxes, rendered, live.slice(1)), [
      `NetworkPolicy '${rendered[0]?.metadata.name}' is missing; run \`helm upgrade\` to restore it`,
    ]);
  });

  it('each Pod Security label of the sandbox namespace must be as rendered; others are free', () => {
    const namespace = (labels: Record<string, string> | undefined): AnyObject => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'sentinel-sandboxes', ...(labels ? { labels } : {}) },
    });
    const intact = { ...sandboxNamespaceLabels, 'kubernetes.io/metadata.name': 'sentinel-sandboxes', team: 'x' };
    const judge = (live: AnyObject | null) => judgeNamespace(sandboxNamespaceLabels, live);
    assert.equal(judge(namespace(intact)), undefined);
    for (const [label, value] of Object.entries(sandboxNamespaceLabels)) {
      const { [label]: _, ...without } = intact as Record<string, string>;
      const at = `Namespace 'sentinel-sandboxes' differs from this version of Sentinel at metadata.labels["${label}"]: expected "${value}", found`;
      assert.equal(
        judge(namespace({ ...intact, [label]: 'x' })),
        `${at} "x"; run \`helm upgrade --force-conflicts\` to restore it`,
      );
      assert.equal(judge(namespace(without)), `${at} no such field; run \`helm upgrade --force-conflicts\` to restore it`);
    }
    assert.match(judge(namespace(undefined)) ?? '', /differs .*1 more difference/);
    assert.match(judge(null) ?? '', /Namespace 'sentinel-sandboxes' is missing/);
  });

  it('a message shows where two long texts part, and counts the other differences', () => {
    const rendered = (expression: string): AnyObject => ({
      apiVersion: 'v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: 'x' },
      spec: { failurePolicy: 'Fail', validations: [{ expression, message: 'no' }] },
    });
    const long = 'a'.repeat(100);
    const live = { ...rendered(`${long} || true`), spec: { validations: [{ expression: `${long} || true`, message: 'yes' }] } };
    assert.equal(
      judgeGuard(rendered(`${long} && false`), live),
      'ValidatingAdmissionPolicy \'x\' differs from this version of Sentinel at spec.failurePolicy: expected "Fail", found no such field ' +
        '(and 2 more differences); run `helm upgrade --force-conflicts` to restore it',
    );
    assert.equal(
      judgeGuard(rendered(`${long} && false`), rendered(`${long} || true`)),
      "ValidatingAdmissionPolicy 'x' differs from this version of Sentinel at spec.validations[0].expression: " +
        'expected "…aaaaaaaaaaaaaaaaaaa && false", found "…aaaaaaaaaaaaaaaaaaa || true"; run `helm upgrade --force-conflicts` to restore it',
    );
  });
});

describe('The defaults of the API server', () => {
  for (const { sent, stored } of answers) {
    it(`${sent.kind}: the table fills in what a real API server stored`, () => {
      assert.equal(judgeGuard(sent, stored), undefined);
      const { metadata: _, status: __, ...content } = stored;
      const { metadata: ___, ...filled } = fillDefaults(sent);
      assert.deepEqual(filled, content);
      // Each line of the table is seen in the answer.
      for (const [path, value] of Object.entries(SERVER_DEFAULTS[sent.kind] ?? {}))
        assert.notDeepEqual(fillDefaults(sent, { [path]: value }), sent, path);
    });

    it(`${sent.kind}: each single change of the stored object is a fault`, () => {
      for (const { what, live } of changes(stored)) assert.ok(judgeGuard(sent, live), what);
    });
  }

  it('a table exists for each kind of guard', () => {
    for (const { kind } of renderedGuards) assert.ok(SERVER_DEFAULTS[kind], kind);
    assert.deepEqual(answers.map(({ sent }) => sent.kind).sort(), Object.keys(SERVER_DEFAULTS).sort());
  });
});
