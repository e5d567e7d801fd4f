import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Effect, FieldChange } from '@sentinel/crds';
import { aScaling as base } from '../../testing/effect.fixture.ts';
import { partsOfExposure } from './exposure.ts';
import { partsOfSecurity } from './security.ts';
import { isMetadataOnly } from './writes.ts';

const effect = (change: FieldChange[], more: Partial<Effect> = {}) => base({ change, ...more });
const rules = (one: Effect) => [...partsOfSecurity([one]), ...partsOfExposure([one])].map(({ rule }) => rule);
const json = (value: unknown) => JSON.stringify(value);
const spec = '/spec/template/spec';

describe('A change', () => {
  const weakening: Record<string, FieldChange> = {
    'that takes the security context of a pod away': {
      path: `${spec}/securityContext`,
      before: json({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } }),
    },
    'that takes that of a container away': { path: `${spec}/containers/0/securityContext`, before: json({ runAsNonRoot: true }) },
    'that takes it away with something around it': {
      path: `${spec}/containers/0`,
      before: json({ name: 'web', securityContext: { readOnlyRootFilesystem: true } }),
      after: json({ name: 'web' }),
    },
    'that adds a container with more power': {
      path: `${spec}/containers`,
      before: json([{ name: 'web' }]),
      after: json([{ name: 'web' }, { name: 'x', securityContext: { capabilities: { add: ['SYS_ADMIN'] }, runAsUser: 0 } }]),
    },
    'that lets a container gain privileges': {
      path: `${spec}/containers`,
      after: json([{ name: 'x', securityContext: { allowPrivilegeEscalation: true } }]),
    },
    'that makes a workload with another account': { path: '', after: json({ spec: { serviceAccountName: 'admin' } }) },
    'whose value is cut in the middle': { path: '/spec', after: '{"template":{"spec":{"hostNetwork":tr' },
    'of the profile of a pod by annotation': {
      path: '/metadata/annotations/container.apparmor.security.beta.kubernetes.io~1web',
      after: '"unconfined"',
    },
  };
  for (const [name, change] of Object.entries(weakening))
    it(`${name} may weaken security`, () =>
      assert.ok(rules(effect([change])).includes('security'), json(rules(effect([change])))));

  const leading: Record<string, FieldChange> = {
    'by reference': { path: `${spec}/containers/0/envFrom`, after: json([{ secretRef: { name: 'db' } }]) },
    'as a volume': { path: `${spec}/volumes`, after: json([{ name: 's', secret: { secretName: 'db' } }]) },
    'as a token': {
      path: `${spec}/volumes`,
      after: json([{ projected: { sources: [{ serviceAccountToken: { path: 't' } }] } }]),
    },
  };
  for (const [name, change] of Object.entries(leading))
    it(`that leads to credentials ${name} says so`, () => assert.ok(rules(effect([change])).includes('credentials')));

  it('of a Service may open it to the outside by its annotations and by its type', () => {
    const service = { apiGroup: '', resource: 'services', kind: 'Service' };
    const internal = {
      path: '/metadata/annotations/service.beta.kubernetes.io~1aws-load-balancer-internal',
      before: '"true"',
      after: '"false"',
    };
    assert.deepEqual(rules(effect([internal], service)), ['exposed']);
    assert.deepEqual(rules(effect([{ path: '/spec/type', after: '"ExternalName"' }], service)), ['exposed']);
  });

  it('of labels alone is no small thing on a pod: policies and Services go by them', () => {
    const label = { path: '/metadata/labels/app', before: '"web"' };
    assert.equal(isMetadataOnly(effect([label])), true);
    assert.equal(isMetadataOnly(effect([label], { apiGroup: '', resource: 'pods', kind: 'Pod' })), false);
  });

  it('of an image, or that makes a workload with its guards on, is neither', () => {
    assert.deepEqual(rules(effect([{ path: `${spec}/containers/0/image`, before: '"a"', after: '"b"' }])), []);
    const guarded = {
      runAsNonRoot: true,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    };
    assert.deepEqual(
      rules(effect([{ path: '', after: json({ containers: [{ securityContext: guarded }] }) }], { verb: 'create' })),
      [],
    );
  });
});
