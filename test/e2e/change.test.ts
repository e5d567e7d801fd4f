import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  describeEffect,
  type Example,
  examples as given,
  leavesOf,
  persistedDifferences,
  setAt,
  valueAt,
} from '@sentinel/gateway/testing';
import { admin, eventually } from '../lib/cluster.ts';
import { observed, sent, understood } from '../lib/mini-gateway.ts';
import { makeNamespace, namespace, nodePort, removeNamespace, suffix, texts } from '../lib/worlds/plain-namespace.ts';

// What the gateway takes for the change of a write, seen against the real API server. Sentinel itself is not needed here.

const group = `gw-change-${suffix}.example.com`;

const examples = given.map((example): Example => {
  if (example.group !== 'change.example.com') return example;
  return { ...example, group, object: { ...example.object, apiVersion: `${group}/v1` } };
});

const crd = ({ resource, kind, hasStatus }: Example) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${resource}.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { plural: resource, singular: kind.toLowerCase(), kind },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        ...(hasStatus ? { subresources: { status: {} } } : {}),
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
});

before(async () => {
  await makeNamespace();
  const custom = examples.filter((example) => example.group === group);
  await admin.apply(texts(...custom.map(crd)));
  for (const { resource } of custom)
    await eventually(
      'a new kind',
      async () => (await admin.tryKubectl(['get', `${resource}.${group}`, '-n', namespace])).code === 0,
    );
});

after(async () => {
  await removeNamespace();
  for (const example of examples.filter((one) => one.group === group))
    await admin.tryKubectl(['delete', 'crd', `${example.resource}.${group}`, '--wait=false']);
});

describe('Each leaf that the API server takes from a request', { concurrency: false }, () => {
  // Other values for fields that do not take any text.
  const others: readonly (readonly [RegExp, readonly unknown[]])[] = [
    [/\/protocol$/, ['UDP']],
    [/\/imagePullPolicy$/, ['Always']],
    [/\/terminationMessagePolicy$/, ['FallbackToLogsOnError']],
    [/\/dnsPolicy$/, ['Default']],
    [/\/restartPolicy$/, ['Never']],
    [/\/(type|externalTrafficPolicy|internalTrafficPolicy|sessionAffinity)$/, ['NodePort', 'Cluster', 'Local', 'None']],
    [/\/ipFamilyPolicy$/, ['PreferDualStack']],
    [/\/nodePort$/, [nodePort + 300]],
    [/\/port$/, [8099]],
    [/clusterIPs?(\/0)?$/, ['10.96.77.78']],
    [/\/scheme$/, ['HTTPS']],
    [/\/operator$/, ['Exists', 'NotIn']],
    [/\/effect$/, ['NoSchedule']],
    [/\/whenUnsatisfiable$/, ['ScheduleAnyway']],
    [/IPs\/0$|\/ip$/, ['192.0.2.7']],
    [/loadBalancerSourceRanges\/0$/, ['198.51.100.0/24']],
    [/\/uid$/, ['11111111-2222-3333-4444-666666666666']],
    [/fieldPath$/, ['metadata.name']],
    [/\/(cpu|memory|sizeLimit)$/, ['3', '48Mi']],
    [/maxUnavailable$/, ['30%']],
    [/\/drop\/0$/, ['NET_RAW']],
    [/\/(add)\/0$/, ['SYS_TIME']],
    [/externalTrafficPolicy$/, ['Cluster']],
  ];
  const valuesFor = (path: string, value: unknown): unknown[] => {
    const more = others.filter(([pattern]) => pattern.test(path)).flatMap(([, values]) => values);
    if (typeof value === 'boolean') return [!value];
    return typeof value === 'number' ? [value + 1, ...more] : [`${value}x`, ...more];
  };

  for (const example of examples) {
    const title = `shows in plan and digest: ${example.kind} ${example.hasStatus ? 'with' : 'without'} a status subresource`;
    it(title, async (context) => {
      const root = example.group === '' ? '/api/v1' : `/apis/${example.group}/v1`;
      const look = async (object: object) => {
        const request = await understood('POST', `${root}/namespaces/${namespace}/${example.resource}`, object);
        const found = await observed(request);
        const { changeDigest: digest, ...shown } = describeEffect(request, found);
        return { digest, shown, result: found.result };
      };
      const base = await look(example.object);
      const missed: string[] = [];
      const refused: string[] = [];
      let taken = 0;
      for (const path of leavesOf(example.object)) {
        let isTaken = false;
        const original = valueAt(example.object, path);
        for (const value of valuesFor(path, original).filter((one) => one !== original)) {
          const object = structuredClone(example.object);
          setAt(object, path, value);
          const one = await look(object).catch(() => undefined);
          // What is not in the answer would not persist.
          if (!one || JSON.stringify(valueAt(one.result, path)) !== JSON.stringify(value)) continue;
          isTaken = true;
          const isHidden = (one.shown.change ?? []).some((field) => field.redacted && path.startsWith(field.path));
          const isShown =
            JSON.stringify(one.shown) !== JSON.stringify(base.shown) || (one.shown.hiddenChanges ?? 0) > 0 || isHidden;
          if (one.digest === base.digest || !isShown) missed.push(`${path} = ${JSON.stringify(value)}`);
        }
        if (isTaken) taken++;
        else refused.push(path);
      }
      assert.deepEqual(missed, []);
      context.diagnostic(`${taken} leaves taken; refused or dropped by the API server: ${refused.join(' ')}`);
      assert.ok(taken >= 15, `only ${taken} leaves were taken; refused: ${refused.join(' ')}`);
    });
  }
});

describe('A patch of the status by way of the object itself', { concurrency: false }, () => {
  for (const { resource, kind, hasStatus, object } of examples.filter((example) => example.group === group)) {
    const title = hasStatus
      ? 'changes nothing where the status is a subresource'
      : 'is a change if there is no status subresource';
    it(title, async () => {
      const { metadata: _, ...rest } = object;
      const name = kind.toLowerCase();
      await admin.apply(texts({ ...rest, metadata: { name, namespace } }));
      const path = `/apis/${group}/v1/namespaces/${namespace}/${resource}/${name}`;
      const request = await understood('PATCH', path, { status: { phase: 'Broken' } }, 'application/merge-patch+json');
      const found = await observed(request);
      const wanted = hasStatus ? [] : [{ path: '/status/phase', before: 'Ready', after: 'Broken' }];
      assert.deepEqual(found.changes, wanted);
      const answer = await sent(request, found);
      assert.deepEqual(persistedDifferences(request, found, JSON.parse(answer.body.toString('utf8'))), []);
    });
  }
});
