import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Playbook } from '@sentinel/crds';
import { playbookDigest } from '@sentinel/policy';
import { aPlaybook } from '@sentinel/policy/testing';
import { ok, runAgainst } from '../../test/fake-cluster.ts';

const copy = (namespace: string, trusted: boolean, spec: object = {}, more: object = {}): Playbook => {
  const playbook = aPlaybook(spec, { name: 'health', namespace });
  const status = trusted ? ('True' as const) : ('False' as const);
  const conditions = [{ type: 'Trusted', status, reason: 'x', message: '', lastTransitionTime: '' }];
  return { ...playbook, status: { digest: playbookDigest(playbook), conditions, ...more } };
};
const byFloor = { trustedByPolicies: ['floor'] };
const cluster = [copy('a', true, {}, byFloor), copy('b', true, {}, byFloor), copy('c', false, { description: 'y' })];
const list = () => ok({ items: cluster, metadata: {} });
const [old, changed] = [cluster[0], cluster[2]].map((one) => one && playbookDigest(one));

describe('digests', () => {
  it('lists each digest once, with how many namespaces have it and trust it', async () => {
    const { code, out } = await runAgainst(list, ['digests', '-A']);
    assert.equal(code, 0);
    const rows = [`health     2            2/2       yes     ${old}`, `health     1            0/1       no      ${changed}`];
    assert.equal(
      out,
      `PLAYBOOK   NAMESPACES   TRUSTED   FLOOR   DIGEST\n${rows.sort((a, b) => (a.slice(-64) < b.slice(-64) ? -1 : 1)).join('\n')}\n`,
    );
  });

  it('prints what is new after an upgrade in the form of a policy', async () => {
    const { out } = await runAgainst(list, ['digests', '-A', '--untrusted', '-o', 'yaml']);
    assert.equal(out, `- digest: ${changed}\n  name: health\n`);
    const none = await runAgainst(() => ok({ items: cluster.slice(0, 2), metadata: {} }), ['digests', '-A', '--untrusted']);
    assert.equal(none.error, 'Every Playbook is trusted.\n');
  });

  it('prints the digests that a manifest will have, defaults included', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'digests-')), 'playbook.yaml');
    const text = `kind: Playbook
metadata: {name: health}
spec:
  category: Other
  description: x
  account: remediator
  sandbox: {image: tools, profile: Change}
  steps: [{name: one, command: ["true"]}]
`;
    writeFileSync(file, text);
    const { out, requests } = await runAgainst(list, ['digests', '-f', file]);
    assert.equal(out, `PLAYBOOK   DIGEST\nhealth     ${old}\n`);
    assert.equal(requests.length, 0);
    const floor = (digest: string | undefined, name?: string) => () =>
      ok({
        items: [
          {
            kind: 'ClusterAgentPolicy',
            metadata: { name: 'floor' },
            spec: { playbooks: { trustedDigests: [{ digest, name }] } },
          },
        ],
      });
    const ask = ['digests', '-f', file, '--untrusted'];
    assert.equal((await runAgainst(floor(old), ask)).error, 'Every Playbook is trusted.\n');
    assert.match((await runAgainst(floor(old, 'other'), ask)).out, new RegExp(`^health +${old}$`, 'm'));
    assert.match((await runAgainst(floor(changed), ask)).out, new RegExp(`^health +${old}$`, 'm'));
    writeFileSync(file, text.replace('Other', 'Wrong'));
    assert.match((await runAgainst(list, ['digests', '-f', file])).error, /Playbook 'health': `spec\.category`/);
  });

  it('refuses flags that contradict each other, and names that do not exist', async () => {
    assert.match((await runAgainst(list, ['digests', 'health', '-f', 'x'])).error, /leave the names out/);
    assert.match((await runAgainst(list, ['digests', 'gone'])).error, /there is no Playbook 'gone'/);
  });
});
