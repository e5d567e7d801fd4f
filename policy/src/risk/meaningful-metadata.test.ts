import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { aScaling as effect } from '../testing/effect.fixture.ts';
import { facts } from './facts.fixture.ts';
import { computeRisk } from './score.ts';

/** The rules that a patch of one label or annotation falls under. */
const rulesOf = (apiGroup: string, resource: string, path: string) =>
  computeRisk(
    facts([effect({ apiGroup, resource, kind: 'X', change: [{ path: `/metadata/${path}`, after: '"x"' }] })]),
  ).parts.map(({ rule }) => rule);

describe('A change of a label or an annotation', () => {
  const meaningful: readonly (readonly [string, string, string, ...string[]])[] = [
    ['discovery.k8s.io', 'endpointslices', 'labels/kubernetes.io~1service-name', 'exposed'],
    ['', 'endpoints', 'labels/endpointslice.kubernetes.io~1skip-mirror', 'exposed'],
    ['', 'services', 'labels/service.kubernetes.io~1service-proxy-name', 'exposed'],
    ['', 'namespaces', 'labels/pod-security.kubernetes.io~1enforce'],
    ['', 'namespaces', 'labels/team'],
    ['', 'nodes', 'labels/disk'],
    ['', 'persistentvolumes', 'labels/tier'],
    ['apps', 'replicasets', 'labels/app'],
    ['storage.k8s.io', 'storageclasses', 'annotations/storageclass.kubernetes.io~1is-default-class'],
    ['networking.k8s.io', 'ingressclasses', 'annotations/ingressclass.kubernetes.io~1is-default-class'],
    ['', 'pods', 'annotations/controller.kubernetes.io~1pod-deletion-cost'],
    ['rbac.authorization.k8s.io', 'clusterroles', 'labels/rbac.authorization.k8s.io~1aggregate-to-admin', 'rights'],
    ['autoscaling', 'horizontalpodautoscalers', 'annotations/autoscaling.alpha.kubernetes.io~1metrics'],
    ['apps', 'deployments', 'annotations/kubectl.kubernetes.io~1last-applied-configuration/spec/replicas'],
  ];
  for (const [group, resource, path, ...more] of meaningful)
    it(`is judged like one of a spec: ${resource} ${path}`, () => {
      const rules = rulesOf(group, resource, path);
      assert.deepEqual([rules.includes('metadata'), rules.includes('write')], [false, true], rules.join());
      for (const rule of more) assert.ok(rules.includes(rule), rules.join());
    });

  const informing: readonly (readonly [string, string, string])[] = [
    ['apps', 'deployments', 'labels/team'],
    ['apps', 'deployments', 'labels/app.kubernetes.io~1version'],
    ['apps', 'deployments', 'annotations/kubernetes.io~1change-cause'],
    ['apps', 'deployments', 'annotations/kubectl.kubernetes.io~1last-applied-configuration'],
    ['apps', 'deployments', 'annotations/example.com~1kubernetes.io'],
    ['apps', 'deployments', 'annotations/notkubernetes.io~1a'],
  ];
  for (const [group, resource, path] of informing)
    it(`is no more than that: ${resource} ${path}`, () => assert.ok(rulesOf(group, resource, path).includes('metadata')));
});
