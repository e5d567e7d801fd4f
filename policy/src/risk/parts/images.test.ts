import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FieldChange } from '@sentinel/crds';
import { aScaling as effect } from '../../testing/effect.fixture.ts';
import { partsOfImages } from './images.ts';

const containers = '/spec/template/spec/containers';
const json = (value: unknown) => JSON.stringify(value);
const rulesOf = (...change: FieldChange[]) => partsOfImages([effect({ change })]).map(({ rule }) => rule);
const image = (before: string | undefined, after: string): FieldChange => ({
  path: `${containers}/0/image`,
  ...(before === undefined ? {} : { before: json(before) }),
  after: json(after),
});
const digest = `@sha256:${'a'.repeat(64)}`;

describe('An image', () => {
  const same: Record<string, FieldChange[]> = {
    'of another tag': [image('registry.acme.io/web:1', 'registry.acme.io/web:2')],
    'by digest now': [image('registry.acme.io:5000/web:1', `registry.acme.io:5000/web${digest}`)],
    'written out in full': [image('nginx', `docker.io/library/nginx:1${digest}`)],
    'that moves from one container to another': [
      image('a.io/web:1', 'a.io/api:1'),
      { path: `${containers}/1/image`, before: json('a.io/api:1'), after: json('a.io/web:1') },
    ],
    'that goes': [{ path: `${containers}/1`, before: json({ name: 'x', image: 'a.io/web' }) }],
    'of a custom resource, with another tag in a field of its own': [
      { path: '/spec/image/tag', before: json('1'), after: json('2') },
      { path: '/spec/imagePullPolicy', before: json('Always'), after: json('Never') },
      { path: '/spec/image', before: json({ repository: 'a.io/x', tag: '1' }), after: json({ repository: 'a.io/x', tag: '2' }) },
    ],
    'of a list that is replaced': [
      { path: containers, before: json([{ image: 'a.io/web:1' }]), after: json([{ image: 'a.io/web:2' }]) },
    ],
  };
  for (const [name, change] of Object.entries(same))
    it(`${name} is from where it was`, () => assert.deepEqual(rulesOf(...change), []));

  const foreign: Record<string, FieldChange[]> = {
    'of another registry': [image('registry.acme.io/web:1', 'evil.io/web:1')],
    'of another repository': [image('registry.acme.io/web:1', 'registry.acme.io/miner:1')],
    'that only looks alike, by the port': [image('registry.acme.io/web:1', 'registry.acme.io:444/web:1')],
    'of a custom resource, in a field with another name': [
      { path: '/spec/baseImage', before: json('a.io/db:1'), after: json('evil.io/db:1') },
    ],
    'of a custom resource, by its repository': [
      { path: '/spec/image/repository', before: json('a.io/db'), after: json('a.io/miner') },
    ],
    'of a custom resource, by its registry': [{ path: '/spec/imageRegistry', before: json('a.io'), after: json('evil.io') }],
    'of a custom resource, by parts': [
      {
        path: '/spec/server/image',
        before: json({ registry: 'a.io', repository: 'db', tag: '1' }),
        after: json({ registry: 'a.io', repository: 'miner', tag: '1' }),
      },
    ],
    'of a custom resource that is made': [
      { path: '/spec', after: json({ server: { image: { tag: '1', repository: 'a.io/db' } } }) },
    ],
    'if there was none': [image(undefined, 'a.io/web')],
    'that is not shown': [{ path: `${containers}/0/image`, redacted: true }],
    'of a container that is added': [{ path: `${containers}/1`, after: json({ name: 'x', image: 'a.io/web' }) }],
    'of an object that is made': [
      { path: '/spec', after: json({ template: { spec: { containers: [{ image: 'a.io/web' }] } } }) },
    ],
    'of a value that is cut': [{ path: '/spec', after: '{"template":{"spec":{"containers":[{"image":"a.io/web","args":["x' }],
    'of a volume': [{ path: '/spec/template/spec/volumes', after: json([{ name: 'v', image: { reference: 'a.io/data:1' } }]) }],
    'of a volume, in its fields': [
      { path: '/spec/template/spec/volumes/0/image', after: json({ pullPolicy: 'Always', reference: 'a.io/data:1' }) },
    ],
    'of a volume, alone': [
      { path: '/spec/template/spec/volumes/0/image/reference', before: json('a.io/data:1'), after: json('b.io/data:1') },
    ],
  };
  for (const [name, change] of Object.entries(foreign))
    it(`${name} is from elsewhere`, () => assert.deepEqual(rulesOf(...change), ['images']));

  it('from elsewhere is named', () => {
    const [only] = partsOfImages([effect({ change: [image('a.io/web:1', 'evil.io/web:1')] })]);
    assert.match(only?.message ?? '', /deployments 'web'.*: an image from where it had none: evil\.io\/web$/);
  });
});
