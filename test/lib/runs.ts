import assert from 'node:assert/strict';
import { type ActionView, END_STATES, messageOf, stateOf, type Tenant } from './tenant.ts';

/** Creates an action and waits until people are asked; fails when they are not. Answers with its name. */
export async function rehearsed(
  tenant: Tenant,
  playbook: string,
  parameters: Readonly<Record<string, string>> = {},
): Promise<string> {
  const name = await tenant.file(playbook, parameters);
  const action = await tenant.until(name, ['AwaitingApproval', ...END_STATES]);
  assert.equal(stateOf(action), 'AwaitingApproval', messageOf(action));
  return name;
}

/** Approves the plan of an action. */
export async function approve(tenant: Tenant, name: string): Promise<void> {
  const { code, stderr } = await tenant.decide(tenant.approver, name, 'approve');
  assert.equal(code, 0, stderr);
}

/** Approves the plan of an action and waits for the end of its run. */
export async function carriedOut(tenant: Tenant, name: string): Promise<ActionView> {
  await approve(tenant, name);
  return await tenant.until(name, [...END_STATES, 'Cancelled', 'VerificationFailed']);
}
