import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { file, floorOf, policy, policyOf } from '../../../../test/offline.ts';

const ALLOW = 'kubernetes: [{apiGroups: [apps], resources: [deployments], verbs: [get, patch], decision: Allow}]';
const ASK = ALLOW.replace('Allow', 'RequireApproval');
const AUTO = 'approvals: [{upToRisk: Medium, autoReview: true}, {upToRisk: High}]';
const PEOPLE = 'approvals: [{upToRisk: High}]';
const floor = (...lines: string[]) => floorOf(['modes: [Apply]', ...lines].join('\n'));
const own = (...lines: string[]) => policyOf(['modes: [Apply]', ...lines].join('\n'));

describe('policy lint of autonomy, parts and retention', () => {
  const rows: readonly [name: string, policies: string, found: RegExp | undefined, code?: number][] = [
    ['nothing where all of it is effective', floor(ALLOW, AUTO, 'limits: {children: 2, depth: 1}') + own(AUTO), undefined],
    [
      'a line that the floor never lets through',
      floor(ALLOW, PEOPLE) + own(AUTO),
      /warning +AgentPolicy\/shop\/shop +approvals\[0\]\.autoReview +has no effect: ClusterAgentPolicy\/floor requires approval by a person at risk Low, Medium/,
    ],
    [
      'a line that the floor lets through in part',
      floor(ALLOW, 'approvals: [{upToRisk: Low, autoReview: true}, {upToRisk: High}]') + own(AUTO),
      /has no effect at risk Medium: ClusterAgentPolicy\/floor requires approval by a person there/,
    ],
    [
      'fewer runs than the floor wants without saying so',
      floor(ALLOW, AUTO) + own('approvals: [{upToRisk: Low, autoReview: true, autoReviewAfter: 1}, {upToRisk: High}]'),
      /AgentPolicy\/shop\/shop +approvals\[0\]\.autoReviewAfter +has no effect: 1 is less than the 3 of ClusterAgentPolicy\/floor \(approvals\[0\]\)/,
    ],
    [
      'nothing of fewer runs where the floor wants more at one level alone',
      floor(
        ALLOW,
        'approvals: [{upToRisk: Low, autoReview: true, autoReviewAfter: 1}, {upToRisk: Medium, autoReview: true}, {upToRisk: High}]',
      ) + own('approvals: [{upToRisk: Medium, autoReview: true, autoReviewAfter: 1}, {upToRisk: High}]'),
      undefined,
    ],
    [
      'nothing of as many runs as the floor wants, or more',
      floor(ALLOW, AUTO) + own('approvals: [{upToRisk: Medium, autoReview: true, autoReviewAfter: 3}, {upToRisk: High}]'),
      undefined,
    ],
    ['nothing where a policy without lines has no opinion', floor(ALLOW, AUTO) + own(), undefined],
    [
      'a line up to Critical',
      floor(ALLOW, 'approvals: [{upToRisk: Critical, autoReview: true}]'),
      /warning.*approvals\[0\]\.upToRisk +is never effective up to 'Critical'/,
    ],
    [
      'a line of Critical alone',
      floor(ALLOW, 'approvals: [{upToRisk: High}, {upToRisk: Critical, autoReview: true}]'),
      /error.*approvals\[1\]\.autoReview +has no effect: the entry covers only Critical/,
      1,
    ],
    [
      'a number of runs without a line',
      floor(ALLOW, 'approvals: [{upToRisk: High, autoReviewAfter: 5}]'),
      /approvals\[0\]\.autoReviewAfter +does nothing in this policy/,
    ],
    [
      'ad-hoc steps that start at High',
      floor(ALLOW, 'playbooks: {adHocSteps: Allow}', 'approvals: [{upToRisk: High, autoReview: true}]'),
      /warning.*playbooks\.adHocSteps +lets steps that nobody has seen start without a person up to risk High/,
    ],
    ['nothing of ad-hoc steps that start at Medium', floor(ALLOW, 'playbooks: {adHocSteps: Allow}', AUTO), undefined],
    [
      'rules that require approval for every change',
      floor(ASK, AUTO),
      /approvals\[0\]\.autoReview +has no effect: the rules about the Kubernetes API require approval by a person .*ClusterAgentPolicy\/floor: kubernetes\[0\]/,
    ],
    ['nothing where a namespace tightens what the floor lets start', floor(ALLOW, AUTO) + own(ASK), undefined],
    [
      'rules of the namespace that make its own line dead',
      floor(ALLOW, AUTO) + own(ASK, AUTO),
      /AgentPolicy\/shop\/shop +approvals\[0\]\.autoReview +has no effect: the rules/,
    ],
    [
      'rules of the floor that do, for the namespace',
      floor(ASK).replace('\n---', `\n  ${AUTO}\n---`) + own(AUTO),
      /AgentPolicy\/shop\/shop +approvals\[0\]\.autoReview +has no effect: the rules/,
    ],
    [
      'retention without a sink',
      floor(ALLOW, PEOPLE, 'dataHandling: {retainFor: 90d}'),
      /warning.*dataHandling\.retainFor +deletes nothing where no sink/,
    ],
    [
      'nothing of retention with a sink',
      floor(ALLOW, PEOPLE, 'audit: {requireSink: true}') + own('dataHandling: {retainFor: 90d}'),
      undefined,
    ],
    [
      'a retention shorter than the floor wants',
      floor(ALLOW, PEOPLE, 'audit: {requireSink: true}', 'dataHandling: {retainAtLeast: 90d}') +
        own('dataHandling: {retainFor: 30d}'),
      /AgentPolicy\/shop\/shop +dataHandling\.retainFor +has no effect: 30d is shorter than the `retainAtLeast` of ClusterAgentPolicy\/floor \(90d\)/,
    ],
    [
      'more children than the floor allows',
      floor(ALLOW, PEOPLE, 'limits: {children: 2}') + own('limits: {children: 6}'),
      /limits\.children +has no effect: 6 is more than the 2 of ClusterAgentPolicy\/floor/,
    ],
    [
      'more depth than the floor allows',
      floor(ALLOW, PEOPLE, 'limits: {children: 2, depth: 1}') + own('limits: {depth: 3}'),
      /limits\.depth +has no effect: 3 is more than the 1/,
    ],
    [
      'more storage than is built in, where the floor says nothing',
      floor(ALLOW, PEOPLE) + own('limits: {storage: 1Gi, open: 50}'),
      /limits\.storage +has no effect: 1Gi is more than the 64Mi of Sentinel/,
    ],
    [
      'depth if nothing may have children',
      floor(ALLOW, PEOPLE, 'limits: {depth: 2}'),
      /limits\.depth +has no effect: no policy says `limits\.children`/,
    ],
    [
      'children if nothing may be a part',
      floor(ALLOW, PEOPLE, 'limits: {children: 2, depth: 0}'),
      /error.*limits\.children +has no effect: with `depth: 0`/,
      1,
    ],
    [
      'children where the floor lets no action have a parent',
      floor(ALLOW, PEOPLE, 'limits: {depth: 0}') + own('limits: {children: 2}'),
      /limits\.children +has no effect: ClusterAgentPolicy\/floor lets no action have a parent/,
    ],
  ];
  for (const [name, policies, found, code = 0] of rows)
    it(`finds ${name}`, async () => {
      const ran = await policy(['lint', file(policies)]);
      if (found) assert.match(ran.out, found);
      else assert.match(ran.out, /Nothing found/);
      assert.equal(ran.code, code, ran.out + ran.error);
    });
});
