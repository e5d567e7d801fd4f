import assert from 'node:assert/strict';
import { file, policy } from '../../../test/offline.ts';

export const RULES = [
  'modes: [DryRun, Apply]',
  'kubernetes:',
  '- {apiGroups: [apps], resources: [deployments, statefulsets, deployments/scale], verbs: ["*"], decision: Allow}',
].join('\n');
export const MEDIUM = 'approvals: [{upToRisk: Medium, autoReview: true, autoReviewAfter: 2}, {upToRisk: Critical}]';
export const HIGH = 'approvals: [{upToRisk: High, autoReview: true, autoReviewAfter: 0}, {upToRisk: Critical}]';
export const OWN_STEPS = 'playbooks: {adHocSteps: Allow}';

export interface Alone {
  way: string;
  level: string;
  score: number;
  objects: number;
  command: string;
  letThroughBy: string[];
  afterRuns: number;
  effects: object[];
  action: { spec: object };
  playbook: object | null;
}
export const ask = async (policies: string, ...argv: string[]) =>
  await policy(['worst-case', '-f', file(policies), '-n', 'shop', '--as', 'ada', ...argv]);
export async function alone(policies: string): Promise<{ worst: Alone | null; why: string[] }> {
  const ran = await ask(policies, '-o', 'json');
  assert.equal(ran.code, 0, ran.error);
  const { unattended, unattendedWhy } = JSON.parse(ran.out) as { unattended: Alone | null; unattendedWhy: string[] };
  return { worst: unattended, why: unattendedWhy };
}
