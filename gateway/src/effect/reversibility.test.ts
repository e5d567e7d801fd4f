import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { computeRisk } from '@sentinel/policy';
import type { ParsedRequest } from '../request/parse.ts';
import { changesBetween } from './change.ts';
import { describeEffect } from './describe.ts';
import { request } from './request.fixture.ts';

const of = (apiGroup: string, base: string, more: Partial<ParsedRequest> = {}, verb = 'patch'): ParsedRequest =>
  request({ apiGroup, resource: more.subresource ? `${base}/${more.subresource}` : base, verb }, { base, ...more });

const effectOf = (what: ParsedRequest, live: unknown, result: unknown, scaled?: unknown) => {
  const changes = changesBetween(live, result);
  return describeEffect(what, { name: 'web', uid: live === undefined ? undefined : 'u', changes, live, result, scaled });
};

describe('A change that nobody can put back', () => {
  const spec = (fields: object) => ({ spec: fields });
  const crd = (...names: string[]) => spec({ versions: names.map((name) => ({ name })) });
  const cases: Readonly<Record<string, readonly [what: ParsedRequest, live: unknown, result: unknown]>> = {
    'a ConfigMap that becomes immutable': [of('', 'configmaps'), { data: { a: '1' } }, { data: { a: '1' }, immutable: true }],
    'a Secret that becomes immutable': [of('', 'secrets'), { immutable: false }, { immutable: true }],
    'a claim that grows': [
      of('', 'persistentvolumeclaims'),
      spec({ resources: { requests: { storage: '1Gi' } } }),
      spec({ resources: { requests: { storage: '2Gi' } } }),
    ],
    'a claim that is bound': [of('', 'persistentvolumeclaims'), spec({}), spec({ volumeName: 'pv-1' })],
    'a claim that gets a class': [of('', 'persistentvolumeclaims'), spec({}), spec({ volumeAttributesClassName: 'gold' })],
    'a toleration of a pod': [of('', 'pods'), spec({ tolerations: [] }), spec({ tolerations: [{ key: 'a' }] })],
    'a class of a load balancer': [
      of('', 'services'),
      spec({ type: 'LoadBalancer' }),
      spec({ type: 'LoadBalancer', loadBalancerClass: 'x/y' }),
    ],
    'a version of a kind that is removed': [of('apiextensions.k8s.io', 'customresourcedefinitions'), crd('v1', 'v2'), crd('v2')],
    'an approval of a certificate': [
      of('certificates.k8s.io', 'certificatesigningrequests', { subresource: 'approval' }),
      { status: {} },
      { status: { conditions: [{ type: 'Approved' }] } },
    ],
    'owners of an object': [of('apps', 'deployments'), { metadata: {} }, { metadata: { ownerReferences: [{ uid: 'x' }] } }],
    'a finalizer of an object that is being deleted': [
      of('apps', 'deployments'),
      { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['a/b'] } },
      { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: [] } },
    ],
    'a Job that is deleted once it has finished': [of('batch', 'jobs'), spec({}), spec({ ttlSecondsAfterFinished: 0 })],
    'a Job that has less time': [of('batch', 'jobs'), spec({ activeDeadlineSeconds: 60 }), spec({ activeDeadlineSeconds: 1 })],
    'a Job that may fail less often': [of('batch', 'jobs'), spec({ backoffLimit: 6 }), spec({ backoffLimit: 0 })],
    'a CronJob that keeps fewer of its Jobs': [
      of('batch', 'cronjobs'),
      spec({ failedJobsHistoryLimit: 1 }),
      spec({ failedJobsHistoryLimit: 0 }),
    ],
    'a workload that keeps fewer of its revisions': [
      of('apps', 'deployments'),
      spec({ revisionHistoryLimit: 10 }),
      spec({ revisionHistoryLimit: 0 }),
    ],
    'a binding of a pod': [of('', 'pods', { subresource: 'binding' }, 'create'), undefined, { target: { name: 'node' } }],
  };
  for (const [name, [what, live, result]] of Object.entries(cases))
    it(`is irreversible, and the plan says why: ${name}`, () => {
      const { reversible, notes } = effectOf(what, live, result);
      assert.equal(reversible, false);
      assert.match(notes?.[0] ?? '', /^It cannot be rolled back: .+\.$/);
    });

  const others: Readonly<Record<string, readonly [what: ParsedRequest, live: unknown, result: unknown]>> = {
    'data of a ConfigMap': [of('', 'configmaps'), { data: { a: '1' } }, { data: { a: '2' } }],
    'an immutable ConfigMap that is made': [
      of('', 'configmaps', {}, 'create'),
      undefined,
      { metadata: { name: 'web' }, immutable: true },
    ],
    'another class of a claim': [
      of('', 'persistentvolumeclaims'),
      spec({ volumeAttributesClassName: 'gold' }),
      spec({ volumeAttributesClassName: 'silver' }),
    ],
    'a Job that has more time': [of('batch', 'jobs'), spec({ activeDeadlineSeconds: 60 }), spec({ activeDeadlineSeconds: 90 })],
    'a Job that is kept': [of('batch', 'jobs'), spec({ ttlSecondsAfterFinished: 60 }), spec({})],
    'a workload that keeps more of its revisions': [
      of('apps', 'daemonsets'),
      spec({ revisionHistoryLimit: 1 }),
      spec({ revisionHistoryLimit: 10 }),
    ],
    'a label of a claim': [of('', 'persistentvolumeclaims'), { metadata: {} }, { metadata: { labels: { a: 'b' } } }],
    'an image of a pod': [
      of('', 'pods'),
      spec({ containers: [{ name: 'c', image: 'a' }] }),
      spec({ containers: [{ name: 'c', image: 'b' }] }),
    ],
    'a Service that becomes a load balancer': [
      of('', 'services'),
      spec({ type: 'ClusterIP' }),
      spec({ type: 'LoadBalancer', loadBalancerClass: 'x/y' }),
    ],
    'a version that is added': [of('apiextensions.k8s.io', 'customresourcedefinitions'), crd('v1'), crd('v1', 'v2')],
    'a finalizer of an object that stays': [of('apps', 'deployments'), { metadata: {} }, { metadata: { finalizers: ['a/b'] } }],
  };
  for (const [name, [what, live, result]] of Object.entries(others))
    it(`is not: ${name}`, () => assert.equal(effectOf(what, live, result).reversible, true));
});

describe('Fewer pods of a StatefulSet', () => {
  const set = (replicas: number, whenScaled?: string, more: object = {}) => ({
    spec: {
      replicas,
      volumeClaimTemplates: [{ metadata: { name: 'data' } }],
      ...(whenScaled === undefined ? {} : { persistentVolumeClaimRetentionPolicy: { whenScaled, whenDeleted: 'Retain' } }),
      ...more,
    },
  });
  const whole = of('apps', 'statefulsets');
  const scale = of('apps', 'statefulsets', { subresource: 'scale' });
  const to = (replicas: number) => (replicas === 0 ? { spec: {} } : { spec: { replicas } });
  const levelOf = (effect: ReturnType<typeof effectOf>) =>
    computeRisk({
      effects: [{ ...effect, index: 0 }],
      undeclared: [],
      notObservable: [],
      environment: undefined,
      floor: undefined,
      raised: [],
      ownSteps: false,
    } as never).level;

  const deleting = {
    'by the object': effectOf(whole, set(3, 'Delete'), set(1, 'Delete')),
    'by its scale': effectOf(scale, to(3), to(1), set(3, 'Delete')),
    'to none': effectOf(scale, to(3), to(0), set(3, 'Delete')),
    'by its ordinals': effectOf(
      whole,
      set(3, 'Delete', { ordinals: { start: 0 } }),
      set(3, 'Delete', { ordinals: { start: 2 } }),
    ),
    'where it cannot be read': effectOf(scale, to(3), to(1)),
  };
  for (const [name, effect] of Object.entries(deleting))
    it(`delete data ${name}, where it says so`, () => {
      assert.match(effect.deletesData ?? '', /PersistentVolumeClaims of the pods that go/);
      assert.equal(effect.reversible, false);
      assert.equal(levelOf(effect), 'Critical');
    });

  const others = {
    'that keeps its claims': effectOf(whole, set(3, 'Retain'), set(1, 'Retain')),
    'that says nothing': effectOf(scale, to(3), to(1), set(3)),
    'without claims': effectOf(scale, to(3), to(1), set(3, 'Delete', { volumeClaimTemplates: undefined })),
    'that grows': effectOf(scale, to(1), to(3), set(1, 'Delete')),
    'that changes otherwise': effectOf(whole, set(3, 'Delete'), set(3, 'Delete', { minReadySeconds: 5 })),
    'of another kind': effectOf(of('apps', 'deployments', { subresource: 'scale' }), to(3), to(1)),
  };
  for (const [name, effect] of Object.entries(others))
    it(`delete none of a workload ${name}`, () => {
      assert.equal(effect.deletesData, undefined);
      assert.equal(effect.reversible, true);
    });
});
