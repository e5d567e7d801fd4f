import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { admin, eventually, type Person } from '../lib/cluster.ts';
import { accepted, refused } from '../lib/people/answers.ts';
import { annotateWebAs, makeDeciders, scripted } from '../lib/people/deciders.ts';
import type { Tenant } from '../lib/tenant.ts';

// Ways around the trust in a Playbook, each tried against the running installation.

let tenant: Tenant;
let namespace = '';
let ada: Person;
let sam: Person;
let robot: Person;

describe('Trust in a Playbook', { concurrency: false }, () => {
  const trust = 'sentinel.dev/trust';
  const book = () =>
    admin.get<{ metadata: { annotations: Record<string, string> }; status?: { digest?: string } }>([
      'playbook',
      'mine',
      '-n',
      namespace,
    ]);
  const ask = (who: Person, value: string, ...more: string[]) =>
    who.tryKubectl([
      ...['annotate', '--overwrite', 'playbook', 'mine', '-n', namespace, `${trust}=${value}`],
      `--field-manager=trust:${value.slice(0, 71)}`,
      ...more,
    ]);
  const digest = () => eventually('the digest', async () => (await book()).status?.digest);
  let first = '';

  before(async () => {
    ({ tenant, ada, sam, robot } = await makeDeciders('trust'));
    namespace = tenant.namespace;
    const yaml = scripted('mine', annotateWebAs())
      .replaceAll('namespace: shop', `namespace: ${namespace}`)
      .replace('\u0024{TOOLS_IMAGE}', tenant.image);
    await sam.kubectl(['create', '-f', '-'], { input: yaml });
    await admin.apply(`
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: trusting-writers, namespace: ${namespace}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: sentinel-truster}
subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: sam}, {kind: ServiceAccount, name: robot, namespace: ${namespace}}]`);
    first = await digest();
  });

  it('is not given by its author, who holds the verb', async () => {
    refused(await ask(sam, first), 'you wrote this Playbook, or a part of it: somebody else must trust it');
  });

  it('is not given without the verb, nor by a program with it', async () => {
    refused(await ask(ada, first), /User "ada" cannot patch resource "playbooks"/);
    refused(await ask(robot, first), `'system:serviceaccount:${namespace}:robot' is a program: only people can trust a Playbook`);
  });

  it('is not given with the digest of something else, nor with a record of one’s own', async () => {
    const wrong = `sha256:${'0'.repeat(64)}`;
    refused(
      await ask(tenant.truster, wrong),
      `the digest that you saw (${wrong}) is not the current digest of the Playbook (${first}); look at it again`,
    );
    refused(
      await ask(tenant.truster, '{"playbook":"x"}'),
      /the digest that you saw .* is not the current digest of the Playbook/,
    );
  });

  it('is not given by a request that does not say so itself', async () => {
    const args = ['annotate', '--overwrite', 'playbook', 'mine', '-n', namespace, `${trust}=${first}`];
    refused(await tenant.truster.tryKubectl(args), `add --field-manager=trust:${first}`);
  });

  it('is given to nobody by a dry-run', async () => {
    const { code, stdout, stderr } = await ask(tenant.truster, first, '--dry-run=server', '-o', 'json');
    assert.equal(code, 0, stderr);
    const record =
      (JSON.parse(stdout) as { metadata: { annotations: Record<string, string> } }).metadata.annotations[trust] ?? '';
    assert.equal((JSON.parse(record) as { seal: string }).seal, '');
    assert.equal((await book()).metadata.annotations[trust], undefined);
  });

  it('goes with every edit, and the digest from before is no good any more', async () => {
    accepted(await ask(tenant.truster, first));
    assert.match((await book()).metadata.annotations[trust] ?? '', /"user":"tess"/);
    const sealed = (await book()).metadata.annotations[trust] ?? '';
    await sam.kubectl(['patch', 'playbook', 'mine', '-n', namespace, '--type=merge', '-p', '{"spec":{"expect":"more"}}']);
    assert.equal((await book()).metadata.annotations[trust], undefined);
    await eventually('another digest', async () => (await digest()) !== first);
    refused(await ask(tenant.truster, first), /is not the current digest of the Playbook/);
    refused(await ask(sam, sealed), /is not the current digest of the Playbook/);
  });

  it('is not kept by an edit that brings the seal along', async () => {
    await tenant.trust('mine');
    const sealed = (await book()).metadata.annotations[trust] ?? '';
    const body = { metadata: { annotations: { [trust]: sealed } }, spec: { expect: 'even more' } };
    await sam.kubectl(['patch', 'playbook', 'mine', '-n', namespace, '--type=merge', '-p', JSON.stringify(body)]);
    assert.equal((await book()).metadata.annotations[trust], undefined);
  });

  it('is given by none of those who wrote since it was last trusted', async () => {
    const { truster } = tenant;
    const before = await digest();
    await truster.kubectl(['patch', 'playbook', 'mine', '-n', namespace, '--type=merge', '-p', '{"spec":{"expect":"a typo"}}']);
    await eventually('another digest', async () => (await digest()) !== before);
    for (const author of [sam, truster]) refused(await ask(author, await digest()), 'you wrote this Playbook, or a part of it');
  });

  it('has no owner, which would have it deleted in nobody’s name, and few finalizers', async () => {
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: 'b9a5c7c0-0000-4000-8000-000000000000' };
    const finalizers = Array.from({ length: 17 }, (_, i) => `example.com/f${i}`);
    const patch = (object: string, metadata: object) =>
      admin.tryKubectl(['patch', object, '-n', namespace, '--type=merge', '-p', JSON.stringify({ metadata })]);
    for (const object of ['playbook/mine', `agentpolicy/${namespace}`, 'clusteragentpolicy/sentinel-floor']) {
      refused(await patch(object, { ownerReferences: [owner] }), 'sentinel: Playbooks, policies and plans must have no owners');
      refused(await patch(object, { finalizers }), 'sentinel: an object may have at most 16 finalizers');
    }
  });

  it('has an author that nobody puts in for another', async () => {
    const args = [
      'annotate',
      '--overwrite',
      'playbook',
      'mine',
      '-n',
      namespace,
      'sentinel.dev/authors={"user":"vic","uid":"","groups":[]}',
    ];
    refused(
      await sam.tryKubectl(args),
      'sentinel: the annotation sentinel.dev/authors must name everyone who wrote the Playbook since it was last trusted',
    );
  });

  it('is nothing that an agent can touch: it writes no Playbook, no policy and no plan', async () => {
    for (const kind of ['playbooks', 'agentpolicies', 'clusteragentpolicies', 'actionplans']) {
      for (const verb of ['create', 'patch', 'update', 'delete']) {
        const { stdout } = await tenant.agent.tryKubectl(['auth', 'can-i', verb, `${kind}.sentinel.dev`, '-n', namespace]);
        assert.equal(stdout.trim().split('\n').at(-1), 'no', `${verb} ${kind}`);
      }
    }
    refused(
      await tenant.agent.tryKubectl([
        'patch',
        'agentpolicy',
        namespace,
        '-n',
        namespace,
        '--type=merge',
        '-p',
        '{"spec":{"suspended":false}}',
      ]),
      /cannot (get|patch) resource "agentpolicies"/,
    );
    refused(
      await tenant.agent.tryKubectl([
        'patch',
        'playbook',
        'mine',
        '-n',
        namespace,
        '--type=merge',
        '-p',
        '{"spec":{"expect":"x"}}',
      ]),
      /cannot patch resource "playbooks"/,
    );
  });
});
