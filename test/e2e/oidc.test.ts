import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { acceptIssuers } from '@sentinel/cluster';
import { admin, type Person } from '../lib/cluster.ts';
import { oneStep } from '../lib/one-step.ts';
import { type OidcProvider, startOidcProvider } from '../lib/people/oidc.ts';
import { filersOf, mayFile, policyAbout } from '../lib/people/requester.ts';
import { type ActionView, makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// People who sign in at a real OpenID provider, with the structured authentication of the API server: which claims their tokens carry
// decides whether they may approve, and the subject of a token says who somebody is, whatever name they have today.

const MFA = 'example.com/mfa';
const playbooks = oneStep('touch', ['kubectl', 'annotate', '--overwrite', 'deployment', 'web', 'touch=yes']);
const policy = policyAbout('oidc:rex@example.com', 2).replace(', groups: [shop-approvers]', ', groups: ["oidc:sre"]');

describe('Approvers by OIDC', { concurrency: false }, () => {
  let provider: OidcProvider;
  let tenant: Tenant;
  let namespace = '';
  let name = '';
  let plan = '';

  const person = (subject: string, name: string, more: object = {}) =>
    provider.signIn(subject, { preferred_username: `${name}@example.com`, groups: ['sre'], mfa: 'yes', ...more });
  const decide = (who: Person, word: string, ...more: string[]) =>
    who.tryKubectl([
      ...['annotate', 'agentaction', name, '-n', namespace, `sentinel.dev/decision=${word}`, `sentinel.dev/plan=${plan}`],
      ...[`--field-manager=${word}:${plan}`, ...more],
    ]);
  const dry = '--dry-run=server';
  const refused = ({ code, stderr }: { code: number; stderr: string }, message: RegExp) => {
    assert.notEqual(code, 0, 'it was not refused');
    assert.match(stderr, message);
  };
  const accepted = ({ code, stderr }: { code: number; stderr: string }) => assert.equal(code, 0, stderr);

  before(async () => {
    provider = await startOidcProvider();
    await acceptIssuers([
      {
        issuer: { url: provider.issuer, audiences: ['kubernetes'], certificateAuthority: provider.authority },
        claimMappings: {
          username: { claim: 'preferred_username', prefix: 'oidc:' },
          groups: { claim: 'groups', prefix: 'oidc:' },
          uid: { claim: 'sub' },
          extra: [{ key: MFA, valueExpression: 'has(claims.mfa) ? claims.mfa : ""' }],
        },
      },
    ]);
    tenant = await makeTenant('oidc', { playbooks, policy });
    namespace = tenant.namespace;
    await tenant.deploy('web');
    await admin.apply(mayFile('oidc:rex@example.com', namespace).replaceAll(/name: oidc:rex@example.com-/g, 'name: rex-'));
    const items = [
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: { name: 'oidc', namespace },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'sentinel-approver' },
        subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'oidc:sre' }],
      },
      {
        apiVersion: 'sentinel.dev/v1alpha1',
        kind: 'ClusterAgentPolicy',
        metadata: { name: namespace },
        spec: {
          subjects: [
            { kind: 'ServiceAccount', name: 'repair-agent', namespace },
            { kind: 'Group', name: filersOf('oidc:rex@example.com') },
          ],
          modes: ['DryRun', 'Apply'],
          identity: { approverClaims: [{ name: MFA, values: ['yes'] }], agentGroups: [`oidc:agents-${namespace}`] },
        },
      },
    ];
    await admin.apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    name = await tenant.file('touch');
    plan = (await tenant.until(name, ['AwaitingApproval'])).status?.plan?.digest ?? '';
  });
  after(async () => {
    await admin.kubectl(['delete', 'clusteragentpolicy', namespace, '--ignore-not-found']);
    await acceptIssuers([]);
    await provider.stop();
  });

  it('are not accepted with a token that lacks the claim that policy asks for', async () => {
    const without = await person('sub-ada', 'ada', { mfa: 'no' });
    refused(
      await decide(without, 'approve', dry),
      /policy does not accept your identity .*'example\.com\/mfa' must be one of yes/,
    );
    // A no is always taken.
    accepted(await decide(without, 'reject', dry));
  });

  it('are nobody without the group of the token, and nobody when the token is not of this provider', async () => {
    refused(
      await decide(await person('sub-eve', 'eve', { groups: [] }), 'approve', dry),
      /cannot (get|patch) resource "agentactions"/,
    );
    const stranger = await startOidcProvider();
    const eve = await stranger.signIn('sub-ada', { preferred_username: 'ada@example.com', groups: ['sre'], mfa: 'yes' });
    await stranger.stop();
    refused(await decide(eve, 'approve', dry), /must be logged in|Unauthorized/);
  });

  it('are no agents: a token of a group of agents approves nothing, though it is in the group of approvers', async () => {
    const bot = await person('sub-bot', 'bot', { groups: ['sre', `agents-${namespace}`] });
    refused(
      await decide(bot, 'approve', dry),
      /'oidc:bot@example\.com' is an agent \(ClusterAgentPolicy\/oidc-[0-9a-f]+ names the group 'oidc:agents-oidc-[0-9a-f]+' in `identity\.agentGroups`\)/,
    );
    accepted(await decide(bot, 'reject', dry));
  });

  it('have name, subject, groups and the claim in the sealed record', async () => {
    accepted(await decide(await person('sub-ada', 'ada'), 'approve'));
    const { metadata } = await tenant.action(name);
    const record = JSON.parse(metadata.annotations['sentinel.dev/approvals'] ?? '') as Record<string, unknown>;
    assert.deepEqual(
      { user: record.user, uid: record.uid, groups: record.groups, extra: record.extra },
      {
        user: 'oidc:ada@example.com',
        uid: 'sub-ada',
        groups: ['oidc:sre', 'system:authenticated'],
        extra: { [MFA]: ['yes'] },
      },
    );
  });

  it('are one person under two names: the subject is the same', async () => {
    const renamed = await person('sub-ada', 'ada.lovelace');
    refused(await decide(renamed, 'approve'), /you have approved this plan already: one person counts once/);
    const action = await tenant.action(name);
    assert.equal(stateOf(action), 'AwaitingApproval', messageOf(action));
  });

  it('are not who asked, under another name', async () => {
    const rex = await person('sub-rex', 'rex', { groups: [filersOf('rex@example.com')] });
    const object = {
      apiVersion: 'sentinel.dev/v1alpha1',
      kind: 'AgentAction',
      metadata: { name: 'by-rex', namespace },
      spec: { intent: { summary: 'x' }, playbookRef: { name: 'touch' } },
    };
    await rex.kubectl(['create', '-f', '-'], { input: JSON.stringify(object) });
    const { status } = await tenant.until('by-rex', ['AwaitingApproval']);
    const digest = status?.plan?.digest ?? '';
    const renamed = await person('sub-rex', 'rex.at.work');
    refused(
      await tenant.decide(renamed, 'by-rex', 'approve', digest),
      /you asked for this action: somebody else must approve it/,
    );
  });

  it('start the run when two of them agree, by their rights and claims as they are sealed', async () => {
    accepted(await decide(await person('sub-bea', 'bea'), 'approve'));
    const done = (await tenant.until(name, ['Succeeded', 'RunFailed', 'Denied'])) as ActionView;
    assert.equal(stateOf(done), 'Succeeded', messageOf(done));
  });
});
