import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { agentActions } from '@sentinel/crds';
import {
  type AnyObject,
  configmaps,
  mutatingwebhookconfigurations,
  pods,
  secrets,
  validatingwebhookconfigurations,
} from '@sentinel/kube';
import { createAuthority } from '@sentinel/kube/certificates';
import { admin, eventually, type Person, person, policyForAnyPlaybook } from '../lib/cluster.ts';
import { isTrusted } from '../lib/hostile/port-forward.ts';
import { annotateWeb } from '../lib/one-step.ts';
import { deployIdleWeb } from '../lib/people/idle-web.ts';
import { client, makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// Certificates and keys are made to be near their end, and everything must go on meanwhile. The programs look every 30 seconds.

const SYSTEM = 'sentinel-system';
const LOOK_S = 50;

const policy = policyForAnyPlaybook().replace('approvals: 1, groups', 'approvals: 2, groups');

const encode = (text: string) => Buffer.from(text).toString('base64');
const decode = (text: string | undefined) => Buffer.from(text ?? '', 'base64').toString('utf8');
const secretOf = (name: string) => client.getOrThrow(secrets, { namespace: SYSTEM, name });
const dataOf = (object: AnyObject | null) => (object?.data ?? {}) as Record<string, string>;
const certificates = (bundle: string) => bundle.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
const pem = (text: string | undefined) => certificates(decode(text))[0] ?? '';

let tenant: Tenant;
let bea: Person;

before(async () => {
  tenant = await makeTenant('rotation', { playbooks: annotateWeb('touch'), policy });
  await deployIdleWeb(tenant.namespace);
  bea = await person('bea', ['shop-approvers', 'shop-viewers']);
});

// Somebody creates an action four times a second for as long as this file takes.
// One after the other: an authority that is put in another's place at once, as here, is not known to a sandbox that starts at that moment.
describe('While they rotate', { concurrency: false }, () => {
  const failures: string[] = [];
  let filed = 0;
  let stop = false;
  let filing: Promise<void>;

  before(() => {
    filing = (async () => {
      while (!stop) {
        const action = {
          apiVersion: 'sentinel.dev/v1alpha1',
          kind: 'AgentAction',
          metadata: { name: `try-${filed}`, namespace: tenant.namespace },
          spec: { intent: { summary: 'Only tried' }, playbookRef: { name: 'touch' }, parameters: [{ name: 'key', value: 'x' }] },
        };
        await admin
          .kubectl(['create', '--dry-run=server', '-f', '-', '--as', `system:serviceaccount:${tenant.namespace}:repair-agent`], {
            input: JSON.stringify(action),
          })
          .catch((error: unknown) => failures.push(String(error)));
        filed += 1;
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    })();
  });
  after(async () => {
    stop = true;
    await filing;
    assert.ok(filed > 60, `only ${filed} were filed`);
    assert.deepEqual(failures, [], 'filing failed meanwhile');
  });

  /** Puts an authority that ends soon in the place of the one in use, which stays trusted; answers with its certificate. */
  async function endsSoon(name: string): Promise<string> {
    const soon = await createAuthority(`${name}-ends-soon`, 20);
    const secret = await secretOf(name);
    const held = dataOf(secret);
    const data = {
      'tls.crt': encode(soon.cert),
      'tls.key': encode(soon.key),
      'ca.crt': encode(`${soon.cert}\n${pem(held['tls.crt'])}`),
      'previous.crt': encode(pem(held['tls.crt'])),
    };
    await client.replace(secrets, { ...secret, data });
    return certificates(soon.cert)[0] ?? '';
  }

  /** Lets the hour pass that a new authority waits. */
  async function anHourLater(name: string): Promise<void> {
    const secret = await secretOf(name);
    const since = encode(new Date(Date.now() - 2 * 3600_000).toISOString());
    await client.replace(secrets, { ...secret, data: { ...dataOf(secret), 'next.since': since } });
  }

  /** Has an authority rotate; `published` says what is trusted, `seen` is done while the next one waits for its hour. */
  async function rotate(
    name: string,
    component: string,
    published: () => Promise<string[]>,
    seen?: () => Promise<void>,
  ): Promise<void> {
    const soon = await endsSoon(name);
    const next = await eventually(
      `the next authority of ${name}`,
      async () => pem(dataOf(await secretOf(name))['next.crt']) || undefined,
      LOOK_S,
      1000,
    );
    await eventually(
      `both published of ${name}`,
      async () => {
        const trusted = await published();
        return trusted.includes(soon) && trusted.includes(next);
      },
      LOOK_S,
      1000,
    );
    await seen?.();
    assert.equal(pem(dataOf(await secretOf(name))['tls.crt']), soon, 'it took its place before its hour');
    await anHourLater(name);
    await eventually(`the place of ${name}`, async () => pem(dataOf(await secretOf(name))['tls.crt']) === next, LOOK_S, 1000);
    const held = dataOf(await secretOf(name));
    assert.equal(pem(held['previous.crt']), soon);
    assert.equal(held['next.key'], undefined);
    const { items } = await client.list(pods, { namespace: SYSTEM, labelSelector: `app.kubernetes.io/component=${component}` });
    assert.ok(items.length >= 2);
    for (const { metadata } of items)
      await eventually(
        `a certificate under the new authority at ${metadata.name}`,
        () => isTrusted(metadata.name ?? '', component, next),
        LOOK_S,
        3000,
      );
    assert.deepEqual((await published()).slice(0, 2), [next, soon]);
  }

  it('the authority of the webhook is followed by another, and the API server trusts both in between', async () => {
    const bundleOf = async (resource: typeof mutatingwebhookconfigurations) => {
      const { webhooks } = (await client.getOrThrow(resource, { name: 'sentinel' })) as unknown as {
        webhooks: { clientConfig: { caBundle: string } }[];
      };
      return decode(webhooks[0]?.clientConfig.caBundle);
    };
    await rotate('sentinel-webhook-ca', 'webhook', async () => {
      const both = await Promise.all([mutatingwebhookconfigurations, validatingwebhookconfigurations].map(bundleOf));
      return both[0] === both[1] ? certificates(both[0] ?? '') : [];
    });
  });

  it('the authority of the gateway is followed by another, and operator and sandboxes reach it all along', async () => {
    const published = async (namespace: string) =>
      certificates(dataOf(await client.get(configmaps, { namespace, name: 'sentinel-gateway-ca' }))['ca.crt'] ?? '');
    const works = async (key: string) => {
      const name = await tenant.file('touch', { key });
      const waiting = await tenant.until(name, ['AwaitingApproval', 'RehearsalFailed']);
      assert.equal(stateOf(waiting), 'AwaitingApproval', messageOf(waiting));
      for (const who of [tenant.approver, bea]) assert.equal((await tenant.decide(who, name, 'approve')).code, 0);
      const done = await tenant.until(name, ['Succeeded', 'RunFailed', 'RolledBack', 'Blocked']);
      assert.equal(stateOf(done), 'Succeeded', messageOf(done));
    };
    await rotate(
      'sentinel-gateway-ca',
      'gateway',
      async () => {
        const both = await Promise.all(['sentinel-sandboxes', SYSTEM].map(published));
        assert.deepEqual(both[0], both[1]);
        return both[0] ?? [];
      },
      () => works('beside'),
    );
    await works('followed');
  });

  describe('the key that seals', { concurrency: false }, () => {
    const secret = 'sentinel-webhook-seal';
    const idNow = async () => decode(dataOf(await client.get(secrets, { namespace: SYSTEM, name: secret })).id);
    const otherThan = (old: string) =>
      eventually(
        `another key than ${old}`,
        async () => {
          const id = await idNow();
          return id !== '' && id !== old && id;
        },
        LOOK_S,
        1000,
      );
    const publicKeys = async () =>
      Object.keys(dataOf(await client.getOrThrow(configmaps, { namespace: SYSTEM, name: 'sentinel-seal-keys' })));
    const keysOf = async (name: string) =>
      (
        (await client.getOrThrow(agentActions, { name, namespace: tenant.namespace })).metadata.annotations?.[
          'sentinel.dev/approvals'
        ] ?? ''
      )
        .split('\n')
        .map((line) => (JSON.parse(line) as { key: string }).key);

    /** Waits until each webhook has said that it seals with `key`: each of them looks at a time of its own. */
    async function allSealWith(key: string): Promise<void> {
      const { items } = await client.list(pods, { namespace: SYSTEM, labelSelector: 'app.kubernetes.io/component=webhook' });
      assert.ok(items.length >= 2);
      for (const { metadata } of items)
        await eventually(
          `${metadata.name} seals with ${key}`,
          async () => (await client.logs(SYSTEM, metadata.name ?? '', 'webhook', { tailLines: 200 })).includes(`"key":"${key}"`),
          LOOK_S,
          1000,
        );
    }

    let first = '';
    let second = '';
    let name = '';
    let leaked = '';

    it('is replaced when somebody asks: what the one before it sealed stays good, its private half is gone', async () => {
      first = await idNow();
      name = await tenant.file('touch', { key: 'sealed' });
      leaked = await tenant.file('touch', { key: 'leaked' });
      for (const one of [name, leaked]) await tenant.until(one, ['AwaitingApproval']);
      assert.equal((await tenant.decide(tenant.approver, name, 'approve')).code, 0);
      const before = dataOf(await secretOf(secret));
      await admin.kubectl(['annotate', 'secret', secret, '-n', SYSTEM, 'sentinel.dev/rotate=now']);
      second = await otherThan(first);
      const held = await secretOf(secret);
      assert.equal(held.metadata.annotations?.['sentinel.dev/rotate'], undefined);
      assert.ok(!Object.values(dataOf(held)).includes(before.private ?? ''));
      await allSealWith(second);
      const known = await publicKeys();
      for (const key of [first, second]) assert.ok(known.includes(key), `${key} is not among ${known.join(', ')}`);
      assert.equal((await tenant.decide(bea, name, 'approve')).code, 0);
      assert.equal((await tenant.decide(bea, leaked, 'approve')).code, 0);
      const done = await tenant.until(name, ['Succeeded', 'RunFailed', 'RolledBack', 'Denied']);
      assert.equal(stateOf(done), 'Succeeded', messageOf(done));
      assert.deepEqual(await keysOf(name), [first, second]);
      assert.deepEqual(
        done.status?.decisions?.filter(({ counts }) => !counts),
        [],
      );
    });

    it('is replaced when it is too old, and by another replacement when somebody asks again', async () => {
      const known = await publicKeys();
      const held = await secretOf(secret);
      const old = await idNow();
      const made = encode(new Date(Date.now() - 91 * 24 * 3600_000).toISOString());
      await client.replace(secrets, { ...held, data: { ...dataOf(held), made } });
      const third = await otherThan(old);
      await admin.kubectl(['annotate', 'secret', secret, '-n', SYSTEM, 'sentinel.dev/rotate=now']);
      const fourth = await otherThan(third);
      await eventually('all public keys', async () => {
        const now = await publicKeys();
        return [...known, third, fourth].every((key) => now.includes(key));
      });
    });

    it('is believed no more when an admin takes it out: what it sealed does not count, until people say it again', async () => {
      assert.deepEqual(await keysOf(leaked), [second]);
      await allSealWith(await idNow());
      const waiting = async (counts: boolean, why: RegExp) =>
        await eventually(`bea’s approval ${counts ? 'counts' : 'does not count'}`, async () => {
          const { status } = await tenant.action(leaked);
          return status?.decisions?.some((one) => one.user === 'bea' && one.counts === counts && why.test(one.why ?? ''));
        });
      await waiting(true, /^$/);
      const patch = JSON.stringify([{ op: 'remove', path: `/data/${second}` }]);
      await admin.kubectl(['patch', 'configmap', 'sentinel-seal-keys', '-n', SYSTEM, '--type=json', '-p', patch]);
      await waiting(false, /which is not known/);
      assert.equal((await tenant.decide(tenant.approver, leaked, 'approve')).code, 0);
      await eventually('one approval of two', async () =>
        (await tenant.action(leaked)).status?.conditions?.some(
          ({ type, message }) => type === 'Approved' && message === '1 of 2 approvals',
        ),
      );
      assert.equal(stateOf(await tenant.action(leaked)), 'AwaitingApproval');
      assert.equal((await tenant.decide(bea, leaked, 'approve')).code, 0);
      const done = await tenant.until(leaked, ['Succeeded', 'RunFailed', 'RolledBack', 'Denied']);
      assert.equal(stateOf(done), 'Succeeded', messageOf(done));
    });

    it('is no reason to trust a Playbook again', async () => {
      const action = await tenant.file('touch', { key: 'trusted' }, { mode: 'DryRun' });
      const done = await tenant.until(action, ['DryRunCompleted', 'Denied', 'RehearsalFailed']);
      assert.equal(stateOf(done), 'DryRunCompleted', messageOf(done));
    });
  });
});
