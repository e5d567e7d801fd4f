import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { floorOf, policyOf } from '../../../test/offline.ts';
import { approve, auto, BOOKS, FLOOR, judged, note, OWN, own, RULES, restart } from './autonomy.fixture.ts';

describe('A case of an action', () => {
  const rows: readonly [name: string, fields: string, policies?: string][] = [
    // What may start without a person.
    [
      'starts alone once it has earned it',
      `${auto}, ${restart}, succeeded: 2, expect: Allow, because: "approvals[0].autoReview", approvals: 0`,
    ],
    ['has not earned it', `${auto}, ${restart}, succeeded: 1, expect: RequireApproval, because: autoReview, approvals: 1`],
    ['has earned nothing if no policy sets it', `${auto}, ${restart}, expect: RequireApproval, because: autoReview`],
    ['does not claim it', `${approve}, ${restart}, succeeded: 9, expect: RequireApproval, because: autoReview`],
    ['is trusted by nobody', `${auto}, ${restart}, succeeded: 9, trusted: false, expect: Deny, because: playbooks.trustedOnly`],
    [
      'deletes',
      `${auto}, effects: [{verb: delete, apiGroup: apps, resource: deployments}], succeeded: 9, expect: RequireApproval, because: approvals`,
    ],
    ['deletes data', `${auto}, effects: [{verb: delete, resource: configmaps}], succeeded: 9, expect: Deny, because: approvals`],
    [
      'is of a privilege',
      `${auto}, effects: [{apiGroup: apps, resource: deployments, change: [/spec/template/spec/hostNetwork]}], succeeded: 9, expect: RequireApproval`,
    ],
    [
      'cannot be rolled back',
      `${auto}, effects: [{apiGroup: apps, resource: deployments, change: [/metadata/labels/a], reversible: false}], succeeded: 9, expect: RequireApproval`,
    ],
    [
      'goes to another namespace',
      `${auto}, effects: [{apiGroup: apps, resource: deployments, namespace: other}], succeeded: 9, expect: Deny, because: kubernetes`,
    ],
    [
      'touches what nothing may touch',
      `${auto}, effects: [{resource: secrets}], succeeded: 9, expect: Deny, because: protected secrets`,
    ],
    [
      'changes more than limits allow',
      `${auto}, effects: [{resource: configmaps, name: a}, {resource: configmaps, name: b}, {resource: configmaps, name: c}, {resource: configmaps, name: d}, {resource: configmaps, name: e}], expect: Deny, because: limits.objects`,
    ],
    ['changes nothing', `${auto}, effects: [], expect: Allow, because: effects`],
    [
      'is a DryRun',
      `action: {intent: {summary: x}, playbookRef: {name: auto}, mode: DryRun}, ${restart}, expect: Allow, because: mode`,
    ],
    [
      'is of high risk by its size',
      `${auto}, effects: [{apiGroup: apps, resource: deployments, pods: {before: 3, after: 0}}], succeeded: 9, expect: RequireApproval, because: approvals`,
    ],
    [
      'is wanted reviewed by one of two policies',
      `${auto}, ${restart}, succeeded: 9, expect: RequireApproval, because: autoReview`,
      FLOOR + policyOf(`${RULES}\napprovals: [{upToRisk: High}]`),
    ],
    [
      'needs approval by a rule',
      `${auto}, ${restart}, succeeded: 9, expect: RequireApproval, because: autoReview`,
      FLOOR +
        policyOf(
          'modes: [DryRun, Apply]\nkubernetes: [{apiGroups: [apps], resources: [deployments], verbs: [patch], decision: RequireApproval}]',
        ),
    ],
    [
      'writes values as any JSON',
      `${auto}, effects: [{apiGroup: apps, resource: deployments, change: [{path: /spec/replicas, before: 2, after: 3}, {path: /spec/paused, before: null, after: false}]}], succeeded: 2, expect: Allow`,
    ],
    [
      'writes an image from elsewhere as a plain text',
      `${auto}, effects: [{apiGroup: apps, resource: deployments, change: [{path: /spec/template/spec/containers/0/image, before: example/app, after: evil.example/x}]}], succeeded: 2, expect: RequireApproval, because: autoReview`,
    ],
    // Ad-hoc steps.
    ['with ad-hoc steps starts alone where all allow it', `${own()}, ${note}, succeeded: 2, expect: Allow`],
    ['with ad-hoc steps is refused by default', `${own()}, expect: Deny, because: playbooks.adHocSteps`, FLOOR + policyOf(RULES)],
    [
      'with ad-hoc steps waits where one policy says so',
      `${own()}, ${note}, succeeded: 9, expect: RequireApproval, because: autoReview`,
      FLOOR + policyOf(`${RULES}\nplaybooks: {adHocSteps: RequireApproval}`),
    ],
    [
      'with ad-hoc steps that no rule allows',
      `${own()}, expect: Deny, because: "commands[0]"`,
      FLOOR + policyOf(`${RULES}\nplaybooks: {adHocSteps: Allow}\ncommands: [{prefix: [kubectl, annotate], decision: Deny}]`),
    ],
    [
      'with an image that no rule allows',
      `${own()}, expect: Deny, because: images.allow`,
      FLOOR + policyOf(`${RULES}\nplaybooks: {adHocSteps: Allow}\nimages: {allow: [other]}`),
    ],
    [
      'with ad-hoc steps is no less than of medium risk',
      `${own()}, ${note}, succeeded: 9, expect: RequireApproval, because: approvals`,
      floorOf(`${RULES}\nplaybooks: {adHocSteps: Allow}\napprovals: [{upToRisk: Low, autoReview: true}, {upToRisk: High}]`) + OWN,
    ],
    // Parts of others.
    ['is the second part', `${auto}, ${restart}, succeeded: 2, parent: {children: 1}, expect: Allow`],
    ['is the third part', `${auto}, parent: {children: 2}, expect: Deny, because: limits.children`],
    ['is a part of a part', `${auto}, parent: {depth: 1}, expect: Deny, because: limits.depth`],
    ['is a part of a DryRun', `${auto}, parent: {mode: DryRun}, expect: Deny, because: parentAction`],
    ["is a part of somebody else's", `${auto}, parent: {requester: eve}, expect: Deny, because: parentAction`],
    ['is a part of what has ended', `${auto}, parent: {ended: Succeeded}, expect: Deny, because: parentAction`],
    [
      'draws on one budget with its relatives',
      `${auto}, ${restart}, parent: {changed: 4}, expect: Deny, because: limits.objects`,
    ],
    [
      'is a part where none may be',
      `action: {intent: {summary: x, parentAction: p}, playbookRef: {name: auto}}, expect: Deny, because: limits.children`,
      floorOf(`${RULES}\napprovals: [{upToRisk: High}]`) + OWN,
    ],
    // Who may file at all.
    [
      'is of somebody whom the floor refuses',
      `${auto}, expect: Deny, because: identity.agents.groups`,
      `${FLOOR.replace('\n---', '\n  identity: {agents: {groups: [agents]}}\n---')}${OWN}`,
    ],
  ];
  for (const [name, fields, policies = FLOOR + OWN] of rows)
    it(name, async () => assert.equal(await judged(policies + BOOKS, fields), ''));

  it('says what it lacks to start without a person', async () =>
    assert.match(
      await judged(FLOOR + OWN + BOOKS, `${auto}, ${restart}, succeeded: 1, expect: Allow`),
      /1 of 2 runs of it have succeeded/,
    ));

  const faults: readonly [fields: string, fault: RegExp][] = [
    ['host: a.io, succeeded: 1, expect: Allow', /`succeeded` goes with `action`/],
    [`${auto}, effects: [{resource: pods, verb: get}], expect: Allow`, /effects\.0\.verb/],
    [`${auto}, effects: [{resource: pods, change: [spec]}], expect: Allow`, /effects\.0\.change/],
    [`${auto}, effects: [{resource: deployments}], expect: Deny`, /effects\.0: `deployments` are of the group 'apps'/],
    [
      `${auto}, effects: [{resource: pods, change: [7]}], expect: Deny`,
      /effects\.0\.change\.0: must be a JSON pointer, such as .*or \{path, before, after\}/,
    ],
    [`${auto}, parent: {childs: 1}, expect: Allow`, /childs/],
    [`${auto}, parent: {ended: Running}, expect: Allow`, /must be a state in which an action ends/],
    ['action: {intent: {summary: x}, steps: [{name: a, command: [b]}]}, expect: Deny', /need the `account`/],
  ];
  for (const [fields, fault] of faults)
    it(`is refused: ${fields.slice(0, 60)}`, async () => assert.match(await judged(FLOOR, fields), fault));
});

describe('A DryRun', () => {
  const asks = policyOf(
    'modes: [DryRun, Apply]\nkubernetes: [{apiGroups: [apps], resources: [deployments], verbs: [patch], decision: RequireApproval}]',
  );
  for (const asked of [
    `action: {intent: {summary: x}, playbookRef: {name: auto}, mode: DryRun}, ${restart}`,
    'api: {verb: patch, apiGroup: apps, resource: deployments, name: web}, mode: DryRun',
  ])
    it(`is the same asked as '${asked.slice(0, 6)}'`, async () => {
      assert.equal(await judged(FLOOR + asks + BOOKS, `${asked}, expect: Allow, because: mode`), '');
    });
});
