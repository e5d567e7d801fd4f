import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { at, change, ofJob, ofPod, rendered, stored } from './differences.fixture.ts';
import { asReleased, jobDifferences } from './differences.ts';
import { isSameQuantity } from './quantity.ts';

/** The path of every leaf of a value. */
function leaves(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...path]];
  return Object.entries(value).flatMap(([key, one]) => leaves(one, [...path, key]));
}
/** The path of every object, where a field can be added. */
function objects(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  const inside = Object.entries(value).flatMap(([key, one]) => objects(one, [...path, key]));
  return Array.isArray(value) ? inside : [[...path], ...inside];
}
describe('What Kubernetes makes of a rendered Job', () => {
  it('is that Job and its pod, with what Kubernetes sets itself', () => {
    const { job, pod } = stored();
    assert.deepEqual([ofJob(job), ofPod(pod)], [[], []]);
  });

  // Where a network plugin or a webhook of somebody else may add to, and what the scheduler and the controllers set freely.
  const free =
    /^(metadata\.(uid|resourceVersion|creationTimestamp|annotations\.cni.*)|metadata\.name|spec\.(nodeName|preemptionPolicy|tolerations.*)|spec\.(template\.spec\.)?schedulerName)$/;
  for (const [name, root, differs] of [
    ['Job', () => stored().job, ofJob],
    ['pod', () => stored().pod, ofPod],
  ] as const) {
    it(`is another ${name} when any field of it is changed alone`, () => {
      const paths = leaves(root()).filter(
        (path) => !free.test(path.join('.')) || (name === 'Job' && path.join('.') === 'metadata.name'),
      );
      assert.ok(paths.length > 80, `${paths.length}`);
      for (const path of paths) {
        // Labels that the Job controller puts on pods select nothing of Sentinel's.
        if (name === 'pod' && /^metadata\.(labels\.(.*controller-uid|.*job-name)|creationTimestamp)/.test(path.join('.')))
          continue;
        if (path[0] === 'apiVersion' || path[0] === 'kind') continue;
        const altered = root();
        change(altered, path, 'evil');
        assert.notDeepEqual(differs(altered), [], `${path.join('.')} changed`);
      }
    });
    it(`is another ${name} when any field is added to it`, () => {
      for (const path of objects(root()).filter(([first]) => first === 'spec')) {
        if (/^spec\.(nodeName|tolerations|template\.metadata\.(labels|annotations)$)/.test(path.join('.'))) continue;
        const altered = root();
        change(altered, [...path, 'evil'], true);
        assert.notDeepEqual(differs(altered), [], `${path.join('.')}.evil added`);
      }
    });
    it(`is another ${name} with a container, a volume, a variable or an argument more`, () => {
      const template = name === 'Job' ? ['spec', 'template', 'spec'] : ['spec'];
      for (const list of [
        ['containers'],
        ['initContainers'],
        ['volumes'],
        ['initContainers', '1', 'env'],
        ['initContainers', '1', 'command'],
      ]) {
        const altered = root();
        (at(altered, [...template, ...list]) as unknown as unknown[]).push({ name: 'evil' });
        assert.notDeepEqual(differs(altered), [], list.join('.'));
      }
    });
  }

  const altered: Readonly<Record<string, (one: ReturnType<typeof stored>) => void>> = {
    'a selector that takes pods of other Jobs': ({ job }) => change(job, ['spec', 'selector', 'matchLabels'], { a: 'b' }),
    'a selector of its own': ({ job }) => change(job, ['spec', 'manualSelector'], true),
    'a scheduler that has no name': ({ job }) => change(job, ['spec', 'template', 'spec', 'schedulerName'], 7),
    'the account of another program': ({ job }) =>
      change(job, ['spec', 'template', 'spec', 'serviceAccount'], 'sentinel-gateway'),
    'a second network': ({ job }) =>
      change(job, ['spec', 'template', 'metadata', 'annotations', 'k8s.v1.cni.cncf.io/networks'], 'mgmt'),
    'the network of its node': ({ job }) => change(job, ['spec', 'template', 'spec', 'hostNetwork'], true),
    'a container that somebody debugs': ({ pod }) => change(pod, ['spec', 'ephemeralContainers'], [{ name: 'debug' }]),
    'the namespace of another tenant': ({ pod }) => change(pod, ['metadata', 'annotations', 'sentinel.dev/namespace'], 'bank'),
    'a label of Sentinel more': ({ pod }) => change(pod, ['metadata', 'labels', 'sentinel.dev/other'], 'x'),
  };
  for (const [name, alter] of Object.entries(altered))
    it(`is not taken with ${name}`, () => {
      const both = stored();
      alter(both);
      assert.equal(ofJob(both.job).length + ofPod(both.pod).length, 1);
    });

  it('may have what admission plugins of Kubernetes set', () => {
    const { pod } = stored();
    change(pod, ['spec', 'overhead'], { cpu: '10m' });
    change(pod, ['spec', 'nodeSelector'], { runtime: 'gvisor' });
    change(pod, ['spec', 'containers', '0', 'imagePullPolicy'], 'Always');
    assert.deepEqual(ofPod(pod), []);
  });

  it('may take less time than is rendered now, and no more', () => {
    const { job } = stored();
    change(job, ['spec', 'suspend'], false);
    const differ = (seconds: number) => {
      change(job, ['spec', 'activeDeadlineSeconds'], seconds);
      return jobDifferences(asReleased(rendered, job as never), job as never);
    };
    assert.deepEqual([differ(60), differ(5)], [[], []]);
    assert.match(differ(61).join(), /activeDeadlineSeconds is not what was rendered/);
  });

  it('says where they differ, and never what stands there', () => {
    const { job } = stored();
    change(job, ['spec', 'template', 'spec', 'initContainers', '1', 'command', '2'], 'hunter2');
    assert.deepEqual(ofJob(job), ['spec.template.spec.initContainers[1].command[2] is not what was rendered']);
    change(job, ['spec', 'template', 'spec', 'initContainers', '1', 'command', '2'], 'pods');
    (at(job, ['spec', 'template', 'spec', 'initContainers', '1', 'env']) as unknown as unknown[]).push({
      name: 'PASS',
      value: 'hunter2',
    });
    assert.deepEqual(ofJob(job), ["spec.template.spec.initContainers[1].env is not what was rendered (found also 'PASS')"]);
  });
});

describe('A quantity', () => {
  const rows: readonly (readonly [string, string, boolean])[] = [
    ['1000m', '1', true],
    ['1024Mi', '1Gi', true],
    ['0.5', '500m', true],
    ['2048Ki', '2Mi', true],
    ['0.0005', '500u', true],
    ['500m', '501m', false],
    ['1', '1k', false],
    ['1Gi', '1G', false],
    ['1', '', false],
  ];
  for (const [a, b, same] of rows)
    it(`${a} is ${same ? '' : 'not '}${b === '' ? 'nothing' : b}`, () => assert.equal(isSameQuantity(a, b), same));
});
