import { file, floorOf, policy, policyOf } from '../../../test/offline.ts';

// Policies and Playbooks that differ in what may start without a person.

export const RULES = [
  'modes: [DryRun, Apply]',
  'kubernetes:',
  '- {apiGroups: ["*"], resources: ["*", deployments/scale], verbs: ["*"], decision: Allow}',
].join('\n');
export const FLOOR = floorOf(
  `${RULES}\nplaybooks: {adHocSteps: Allow}\napprovals: [{upToRisk: Medium, autoReview: true, autoReviewAfter: 2}, {upToRisk: High}]\nlimits: {children: 2, depth: 1, objects: 4}`,
);
export const OWN = policyOf(`${RULES}\nplaybooks: {adHocSteps: Allow}`);
export const playbook = (autonomy: string, more = '') => `apiVersion: sentinel.dev/v1alpha1
kind: Playbook
metadata: {name: ${autonomy.toLowerCase()}, namespace: shop}
spec:
  category: Other
  description: Restarts.
  account: remediator
  sandbox: {profile: Change, image: tools}
  steps: [{name: one, command: [kubectl, rollout, restart, deployment, web]}]
  rollback: {from: PreImages}
  autonomy: ${autonomy}
${more}---
`;
export const BOOKS = playbook('Auto') + playbook('Approve');
export const auto = 'action: {intent: {summary: x}, playbookRef: {name: auto}}';
export const approve = 'action: {intent: {summary: x}, playbookRef: {name: approve}}';
export const own = (more = '') =>
  `action: {intent: {summary: x}, steps: [{name: one, command: [kubectl, annotate, deployment, web, a=b]}], account: remediator, image: tools${more}}`;
export const restart =
  'effects: [{apiGroup: apps, resource: deployments, name: web, change: [/spec/template/metadata/annotations/at]}]';
export const note = 'effects: [{apiGroup: apps, resource: deployments, name: web, change: [/metadata/annotations/a]}]';

/** Runs one case against policies; the answer is what went wrong, or nothing. */
export async function judged(policies: string, fields: string): Promise<string> {
  const ran = await policy([
    'test',
    file(`${policies}kind: PolicyTest\ncases:\n- {name: x, as: ada, namespace: shop, ${fields}}\n`),
  ]);
  return ran.error;
}
