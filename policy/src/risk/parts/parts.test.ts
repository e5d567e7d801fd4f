import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Effect } from '@sentinel/crds';
import { aScaling as effect } from '../../testing/effect.fixture.ts';
import { facts } from '../facts.fixture.ts';
import { computeRisk, type RiskFacts } from '../score.ts';

const rulesOf = (given: RiskFacts) =>
  computeRisk(given)
    .parts.map(({ rule }) => rule)
    .sort();
const change = (path: string, after?: string, redacted?: boolean): Partial<Effect> => ({
  change: [{ path, ...(after === undefined ? {} : { after }), ...(redacted === undefined ? {} : { redacted }) }],
});
const { namespace: _, ...clusterWide } = effect();
const of = (apiGroup: string, resource: string, more: Partial<Effect> = {}) => effect({ apiGroup, resource, ...more });

const takingAlong = (apiGroup: string, resource: string) =>
  effect({
    verb: 'delete',
    reversible: false,
    deletion: { propagation: 'Background', dependants: [{ apiGroup, resource, kind: 'X', count: 1 }] },
  });

describe('The parts of a risk', () => {
  const rows: Record<string, { given: Effect[] | RiskFacts; rules: string[] }> = {
    'name each namespace after the first': { given: [effect(), effect({ namespace: 'bank' })], rules: ['namespaces', 'write'] },
    'name a namespace of the system': { given: [effect({ namespace: 'kube-system' })], rules: ['system-namespace', 'write'] },
    'name one of Sentinel': { given: [effect({ namespace: 'sentinel-sandboxes' })], rules: ['system-namespace', 'write'] },
    'name an object of the cluster': { given: [clusterWide], rules: ['cluster', 'write'] },
    'name what cannot be rolled back': { given: [effect({ reversible: false })], rules: ['irreversible', 'write'] },
    'say once that a delete is one': { given: [effect({ verb: 'delete', reversible: false })], rules: ['delete'] },
    'name a delete of data': { given: [of('', 'secrets', { verb: 'delete' })], rules: ['delete-data', 'secrets'] },
    'name data that is deleted with its owner': { given: [takingAlong('', 'persistentvolumeclaims')], rules: ['delete-data'] },
    'name Secrets that are deleted with their owner': { given: [takingAlong('', 'secrets')], rules: ['delete-data'] },
    'take a custom resource that is deleted with its owner for data': {
      given: [takingAlong('databases.example.com', 'postgreses')],
      rules: ['delete-data'],
    },
    'say nothing of pods that are deleted with their owner': { given: [takingAlong('', 'pods')], rules: ['delete'] },
    'name dependants that could not be found': {
      given: [effect({ verb: 'delete', reversible: false, deletion: { propagation: 'Background', incomplete: 'no right' } })],
      rules: ['delete', 'dependants-unknown'],
    },
    'say nothing of the fields of an object that goes as a whole': {
      given: [
        effect({
          verb: 'delete',
          reversible: false,
          change: [
            { path: '/spec/template/spec/containers', before: '[{"image":"x","securityContext":{}}]' },
            { path: '/spec/image' },
            { path: '/spec/password', before: '"<redacted>"', redacted: true },
          ],
        }),
      ],
      rules: ['delete'],
    },
    'name owners that change, which may delete': {
      given: [effect(change('/metadata/ownerReferences', '[{"uid":"gone"}]'))],
      rules: ['delete', 'write'],
    },
    'name one of them': { given: [effect(change('/metadata/ownerReferences/0/uid', '"gone"'))], rules: ['delete', 'write'] },
    'name finalizers that change, which may delete': {
      given: [effect({ change: [{ path: '/metadata/finalizers', before: '["x"]' }] })],
      rules: ['delete', 'write'],
    },
    'name what may delete data, by its kind': {
      given: [
        of('', 'persistentvolumeclaims', change('/metadata/finalizers/0', '"x"')),
        of('apps', 'statefulsets', change('/metadata/ownerReferences', '[]')),
      ],
      rules: ['delete-data', 'write'],
    },
    'name volumes that go with their pods': {
      given: [of('apps', 'statefulsets', change('/spec/persistentVolumeClaimRetentionPolicy/whenScaled', '"Delete"'))],
      rules: ['delete-data', 'write'],
    },
    'name volumes that go with what another maker makes': {
      given: [
        of(
          'monitoring.coreos.com',
          'prometheuses',
          change('/spec/persistentVolumeClaimRetentionPolicy', '{"whenDeleted":"Delete"}'),
        ),
      ],
      rules: ['delete-data', 'write'],
    },
    'say nothing of volumes that stay': {
      given: [
        of('apps', 'statefulsets', change('/spec/persistentVolumeClaimRetentionPolicy', '{"whenDeleted":"Retain"}')),
        of('apps', 'statefulsets', {
          change: [{ path: '/spec/persistentVolumeClaimRetentionPolicy', before: '{"whenDeleted":"Delete"}' }],
        }),
      ],
      rules: ['write'],
    },
    'say nothing of the owners and finalizers of what is made': {
      given: [
        effect({
          verb: 'create',
          change: [
            { path: '/metadata/ownerReferences', after: '[{}]' },
            { path: '/metadata/finalizers', after: '["x"]' },
          ],
        }),
        effect({
          change: [
            { path: '/kind', after: '"Deployment"' },
            { path: '/metadata/ownerReferences', after: '[{}]' },
          ],
        }),
      ],
      rules: ['write'],
    },
    'say nothing of a label that is called so': {
      given: [effect(change('/metadata/labels/finalizers', '"x"'))],
      rules: ['metadata'],
    },
    'name a privilege': { given: [effect(change('/spec/template/spec/hostNetwork', 'true'))], rules: ['security', 'write'] },
    'name a privilege inside of what is created': {
      given: [effect({ verb: 'create', ...change('/spec/template', '{"hostPID":true}') })],
      rules: ['security', 'write'],
    },
    'name a label of what guards others': {
      given: [of('networking.k8s.io', 'networkpolicies', change('/metadata/labels/a', '1'))],
      rules: ['metadata', 'security'],
    },
    'name NetworkPolicies of network plugins that are opened': {
      given: [
        of('cilium.io', 'ciliumnetworkpolicies'),
        of('cilium.io', 'ciliumclusterwidenetworkpolicies'),
        of('crd.projectcalico.org', 'globalnetworkpolicies'),
        of('policy.networking.k8s.io', 'adminnetworkpolicies'),
      ],
      rules: ['security', 'write'],
    },
    'name NetworkPolicies of network plugins that are deleted': {
      given: [of('cilium.io', 'ciliumnetworkpolicies', { verb: 'delete' })],
      rules: ['delete', 'security'],
    },
    'name RBAC': { given: [of('rbac.authorization.k8s.io', 'roles')], rules: ['rights', 'write'] },
    'name a Secret': { given: [of('', 'secrets', change('/data/a', '"<redacted>"', true))], rules: ['secrets', 'write'] },
    'name a credential anywhere else': {
      given: [effect(change('/spec/template/spec/containers/0/env/0/value', '"<redacted>"', true))],
      rules: ['credentials', 'write'],
    },
    'do not take the annotation of kubectl apply for a credential': {
      given: [effect(change('/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration', '"<redacted>"', true))],
      rules: ['metadata'],
    },
    'name the contents of a ConfigMap': {
      given: [of('', 'configmaps', change('/data/a', '"1"'))],
      rules: ['configuration', 'write'],
    },
    'do not take a label of a ConfigMap for its contents': {
      given: [of('', 'configmaps', change('/metadata/labels/a', '"1"'))],
      rules: ['metadata'],
    },
    'name a Service that is opened': {
      given: [of('', 'services', change('/spec/type', '"NodePort"'))],
      rules: ['exposed', 'write'],
    },
    'name a Service that is created open': {
      given: [of('', 'services', { verb: 'create', ...change('/spec', '{"ports":[],"type":"LoadBalancer"}') })],
      rules: ['exposed', 'write'],
    },
    'say nothing of a Service that is closed': {
      given: [of('', 'services', change('/spec/type', '"ClusterIP"'))],
      rules: ['write'],
    },
    'name another selector of a Service, which leads its traffic elsewhere': {
      given: [of('', 'services', change('/spec/selector/app', '"other"'))],
      rules: ['exposed', 'write'],
    },
    'name a selector of a Service that goes': {
      given: [of('', 'services', { change: [{ path: '/spec/selector', before: '{"app":"web"}' }] })],
      rules: ['exposed', 'write'],
    },
    'say nothing of the selector of a Service that is made': {
      given: [
        of('', 'services', { verb: 'create', ...change('/spec/selector', '{"app":"web"}') }),
        of('', 'services', {
          change: [
            { path: '/kind', after: '"Service"' },
            { path: '/spec/selector', after: '{"app":"web"}' },
          ],
        }),
      ],
      rules: ['write'],
    },
    'name addresses that a Service answers for, and a name that it leads to': {
      given: [
        of('', 'services', change('/spec/externalIPs', '["192.0.2.1"]')),
        of('', 'services', change('/spec/externalName', '"evil.example"')),
      ],
      rules: ['security', 'write'],
    },
    'name endpoints that are written, to which Services lead': {
      given: [of('', 'endpoints', change('/subsets/0/addresses/0/ip', '"192.0.2.1"')), of('discovery.k8s.io', 'endpointslices')],
      rules: ['exposed', 'write'],
    },
    'name an Ingress': { given: [of('networking.k8s.io', 'ingresses')], rules: ['exposed', 'write'] },
    'name an annotation of an Ingress, which routes by it': {
      given: [of('networking.k8s.io', 'ingresses', change('/metadata/annotations/a', '1'))],
      rules: ['exposed', 'metadata'],
    },
    'say nothing of a label of an Ingress': {
      given: [of('networking.k8s.io', 'ingresses', change('/metadata/labels/a', '1'))],
      rules: ['metadata'],
    },
    'say nothing of an Ingress that goes, but that it goes': {
      given: [of('networking.k8s.io', 'ingresses', { verb: 'delete' })],
      rules: ['delete'],
    },
    'name a port of the host': {
      given: [effect({ verb: 'create', ...change('/spec/template/spec/containers', '[{"ports":[{"hostPort":80}]}]') })],
      rules: ['exposed', 'write'],
    },
    'name the hosts, and those that nobody knows': {
      given: facts([], {
        hosts: [
          { host: 'api.github.com', familiar: true },
          { host: 'evil.example', familiar: false },
        ],
      }),
      rules: ['hosts', 'unfamiliar-hosts'],
    },
    'name the lack of a rollback, if there is something to roll back': {
      given: facts([effect()], { hasRollback: false }),
      rules: ['no-rollback', 'write'],
    },
    'say nothing of a rollback from nothing': { given: facts([], { hasRollback: false }), rules: [] },
  };
  for (const [name, { given, rules }] of Object.entries(rows))
    it(name, () => assert.deepEqual(rulesOf(Array.isArray(given) ? facts(given) : given), rules));
});
