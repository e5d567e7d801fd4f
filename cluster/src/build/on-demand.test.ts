import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

const cluster = join(import.meta.dirname, '../..');
const goMod = (folder: string) => readFileSync(join(cluster, folder, 'go.mod'), 'utf8');
const required = (text: string, module: string) => new RegExp(`^(?:require|\t)\\s*${module} (v\\S+)`, 'm').exec(text)?.[1];

/** The versions that the modules of Kubernetes are replaced by. */
const replaced = (text: string) =>
  new Set([...text.matchAll(/^replace k8s\.io\/\S+ => k8s\.io\/\S+ (v\S+)$/gm)].map(([, version]) => version));

describe('What is built on demand', () => {
  const names = readdirSync(join(cluster, 'on-demand'));

  it('has its checksums beside its go.mod, and no module of this machine', () => {
    for (const name of names) {
      assert.ok(existsSync(join(cluster, 'on-demand', name, 'go.sum')), name);
      assert.doesNotMatch(goMod(`on-demand/${name}`), /=> \.{0,2}\//);
    }
  });

  it('is not built by every start of the cluster', () => {
    const always = readdirSync(join(cluster, 'programs'));
    assert.deepEqual(
      names.filter((name) => always.includes(name)),
      [],
    );
  });

  for (const name of ['netpol-conformance', 'agnhost'])
    it(`takes ${name} from the Kubernetes that runs`, () => {
      const kube = goMod('programs/kube');
      const tests = goMod(`on-demand/${name}`);
      assert.match(required(kube, 'k8s.io/kubernetes') ?? '', /^v1\./);
      assert.equal(required(tests, 'k8s.io/kubernetes'), required(kube, 'k8s.io/kubernetes'));
      assert.equal(replaced(tests).size, 1);
      assert.deepEqual(replaced(tests), replaced(kube));
    });

  it('takes kwok as it was released', () => {
    assert.match(required(goMod('on-demand/kwok'), 'sigs.k8s.io/kwok') ?? '', /^v\d+\.\d+\.\d+$/);
  });
});
