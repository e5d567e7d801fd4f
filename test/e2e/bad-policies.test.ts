import { before, describe } from 'node:test';
import { itRefuses, makeSpaces, type Row } from '../lib/worlds/wrong-objects.ts';

// Policies that their schema refuses, and plans.

before(makeSpaces);

describe('A wrong policy', { concurrency: true }, () =>
  itRefuses([
    ...['AgentPolicy', 'ClusterAgentPolicy'].flatMap((kind): Row[] => [
      [
        'has a namespace for a user',
        kind,
        { subjects: [{ kind: 'User', name: 'ada', namespace: 'x' }] },
        /may only be set for the kind 'ServiceAccount'/,
      ],
      [
        'has a subject of a kind that does not exist',
        kind,
        { subjects: [{ kind: 'Robot', name: 'x' }] },
        'spec.subjects[0].kind: Unsupported value: "Robot"',
      ],
      ['has a mode that does not exist', kind, { modes: ['Force'] }, 'spec.modes[0]: Unsupported value: "Force"'],
      ['has a mode twice', kind, { modes: ['Apply', 'Apply'] }, 'spec.modes'],
      [
        'has no approval',
        kind,
        { approvals: [{ upToRisk: 'Low', approvals: 0 }] },
        'spec.approvals[0].approvals in body should be greater than or equal to 1',
      ],
      ['has an approval without a risk', kind, { approvals: [{}] }, 'spec.approvals[0].upToRisk: Required value'],
      [
        'has an approval for an invalid time',
        kind,
        { approvals: [{ upToRisk: 'Low', expiresAfter: '4 h' }] },
        /spec\.approvals\[0\]\.expiresAfter: Invalid value: .*should match/,
      ],
      [
        'has an approval for a time that is below zero',
        kind,
        { approvals: [{ upToRisk: 'Low', expiresAfter: '-4h' }] },
        /spec\.approvals\[0\]\.expiresAfter: Invalid value: .*should match/,
      ],
      [
        'has nine lines of approvals',
        kind,
        { approvals: Array(9).fill({ upToRisk: 'Low' }) },
        'spec.approvals: Too many: 9: must have at most 8 items',
      ],
      [
        'has a rule without a decision',
        kind,
        { kubernetes: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] },
        'spec.kubernetes[0].decision: Required value',
      ],
      [
        'has a rule for a verb that does not exist',
        kind,
        { kubernetes: [{ apiGroups: [''], resources: ['pods'], verbs: ['exec'], decision: 'Allow' }] },
        'spec.kubernetes[0].verbs[0]: Unsupported value: "exec"',
      ],
      [
        'has a rule for no resource',
        kind,
        { kubernetes: [{ apiGroups: [''], resources: [], verbs: ['get'], decision: 'Allow' }] },
        'spec.kubernetes[0].resources in body should have at least 1 items',
      ],
      [
        'has a limit of 501 objects',
        kind,
        { limits: { objects: 501 } },
        'spec.limits.objects in body should be less than or equal to 500',
      ],
      [
        'has an example that its rule does not match',
        kind,
        { commands: [{ prefix: ['kubectl', 'delete'], decision: 'Deny', match: ['kubectl get pods'] }] },
        /`commands\[0\]\.match\[0\]`.*'kubectl get pods'/,
      ],
      [
        'has an example that its rule matches and should not',
        kind,
        { commands: [{ prefix: ['kubectl', 'get|delete'], decision: 'Deny', notMatch: ['kubectl -n x delete pod y'] }] },
        /`commands\[0\]\.notMatch\[0\]`.*'kubectl -n x delete pod y'/,
      ],
      [
        'has an empty alternative',
        kind,
        { commands: [{ prefix: ['kubectl', 'get||delete'], decision: 'Deny' }] },
        /`commands\[0\]\.prefix\[1\]` must not have an empty alternative/,
      ],
      [
        'covers a public suffix',
        kind,
        { network: { allow: ['*.co.uk'] } },
        /`network\.allow\[0\]`: '\*\.co\.uk' would cover everything/,
      ],
      [
        'has a freeze that never comes',
        kind,
        { freeze: [{ schedule: '0 0 30 2 *', duration: '1h', reason: 'x' }] },
        /`freeze\[0\]\.schedule`: '0 0 30 2 \*' never comes/,
      ],
      [
        'has a freeze in a zone that does not exist',
        kind,
        { freeze: [{ schedule: '0 0 * * *', timeZone: 'Moon/Base', duration: '1h', reason: 'x' }] },
        /`freeze\[0\]\.schedule`: .*Moon\/Base/,
      ],
      [
        'has a rule of high risk that does nothing',
        kind,
        { highRisk: [{ apiGroups: ['apps'], resources: ['deployments'] }] },
        'a rule must raise the risk (`raiseTo`) or refuse',
      ],
      [
        'wants less than no run to succeed first',
        kind,
        { approvals: [{ upToRisk: 'Low', autoReview: true, autoReviewAfter: -1 }] },
        /spec\.approvals\[0\]\.autoReviewAfter.*should be greater than or equal to 0/,
      ],
      [
        'thinks that steps may be',
        kind,
        { playbooks: { adHocSteps: 'Maybe' } },
        /spec\.playbooks\.adHocSteps: Unsupported value: "Maybe"/,
      ],
      [
        'has families of depth eleven',
        kind,
        { limits: { depth: 11 } },
        /spec\.limits\.depth.*should be less than or equal to 10/,
      ],
      [
        'keeps half of a prompt',
        kind,
        { dataHandling: { prompts: 'Half' } },
        /spec\.dataHandling\.prompts: Unsupported value: "Half"/,
      ],
      [
        'keeps something for a while',
        kind,
        { dataHandling: { retainFor: 'long' } },
        /spec\.dataHandling\.retainFor: Invalid value: .*should match/,
      ],
      [
        'has a pattern of secrets that RE2 does not take',
        kind,
        { dataHandling: { redact: { patterns: ['(?=a)'] } } },
        /`dataHandling\.redact\.patterns\[0\]`: '\(\?=a\)' is no RE2 expression/,
      ],
      [
        'has a pattern that makes a secret of everything',
        kind,
        { dataHandling: { redact: { patterns: ['x*'] } } },
        /`dataHandling\.redact\.patterns\[0\]`: 'x\*' matches the empty text/,
      ],
      [
        'hides a field that is not a pointer',
        kind,
        { dataHandling: { redact: { fields: ['data.x'] } } },
        /spec\.dataHandling\.redact\.fields\[0\]: Invalid value: .*should match/,
      ],
      ['is suspended by a word', kind, { suspended: 'yes' }, 'spec.suspended in body must be of type boolean: "string"'],
    ]),
    // ActionPlan.
    [
      'is written by an admin',
      'ActionPlan',
      { attempt: 1 },
      /only Sentinel's operator writes plans, and a plan never changes|Required value/,
    ],
  ]),
);
