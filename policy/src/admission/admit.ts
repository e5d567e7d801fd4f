import type { AgentActionSpec, Playbook } from '@sentinel/crds';
import type { Trust } from '../approval/trust.ts';
import { judgeOnBehalfOf } from '../identity/identities.ts';
import { type ApplicablePolicy, isBeingDeleted, type PolicySet, policyName } from '../policyset/policy-set.ts';
import { judgeImage } from '../rules/images.ts';
import { judgeRepository } from '../rules/repositories.ts';
import { judgeTool } from '../rules/tools.ts';
import type { PolicyErrorCode } from '../verdict/policy-errors.ts';
import type { Refusal } from '../verdict/verdict.ts';
import { hasOwnSteps, isAdHoc } from './ad-hoc.ts';
import { fillSteps, resolveParameters } from './parameters.ts';
import { playbookFaults } from './playbook-faults.ts';
import { isRollback } from './rollback-of.ts';
import { judgeSteps } from './steps.ts';

/** The facts that decide whether an action may be rehearsed. */
export interface AdmissionFacts {
  readonly spec: AgentActionSpec;
  readonly policies: PolicySet;
  /** The Playbook that the action names; undefined if it does not exist. */
  readonly playbook: Playbook | undefined;
  readonly trust: Trust;
  /** Whether the requester has the verb `use` on the account; undefined if that could not be checked. */
  readonly mayUseAccount: boolean | undefined;
}

/** The reasons why an action may not be rehearsed; empty if it may. All reasons are listed, not only the first. */
export function admit(facts: AdmissionFacts): Refusal[] {
  return [...facts.policies.refusals, ...judgeOnBehalfOf(facts.policies, facts.spec), ...byPolicies(facts), ...byPlaybook(facts)];
}

/** The policies that prevent new starts, including `auditOnly` policies and invalid policies. */
export function suspendedBy(set: PolicySet): string[] {
  return [...set.policies, ...(set.auditOnly ?? [])].filter(isSuspended).map(policyName);
}

/** Whether the kill switch of a policy is on. */
export const isSuspended = ({ spec, suspended }: ApplicablePolicy): boolean => spec?.suspended ?? suspended === true;

function byPolicies({ spec, policies, trust }: AdmissionFacts): Refusal[] {
  const found: Refusal[] = [];
  const environment = policies.environment;
  const claimed = spec.target?.environment;
  if (claimed !== undefined && claimed !== environment) {
    found.push({
      code: 'EnvironmentMismatch',
      policy: 'Sentinel',
      rule: 'environment',
      message: `the action claims the environment '${claimed}', but the namespace is '${environment ?? 'none'}'`,
    });
  }
  for (const policy of suspendedBy(policies))
    found.push({
      code: 'PolicySuspended',
      policy,
      rule: 'suspended',
      message: 'the kill switch is on',
    });
  for (const policy of policies.policies) {
    const rules = policy.spec;
    if (!rules) continue;
    const refuse = (code: PolicyErrorCode, rule: string, message: string) =>
      found.push({ code, policy: policyName(policy), rule, message });
    if (!rules.modes.includes(spec.mode))
      refuse('ModeNotAllowed', 'modes', `mode '${spec.mode}' is not allowed; allowed: ${rules.modes.join(', ')}`);
    if (rules.environments && !passes(rules.environments, environment)) {
      refuse(
        'EnvironmentNotAllowed',
        'environments',
        `environment '${environment ?? 'none'}' is not allowed; allowed: ${rules.environments.allow?.join(', ') ?? 'any that is not denied'}`,
      );
    }
    // The steps of a rollback are Sentinel's own.
    if (isAdHoc(spec)) {
      if (hasOwnSteps(spec) && rules.playbooks.adHocSteps === 'Deny')
        refuse('AdHocStepsNotAllowed', 'playbooks.adHocSteps', 'ad-hoc steps are not allowed');
      continue;
    }
    const playbook = spec.playbookRef?.name;
    if (playbook !== undefined && rules.playbooks.allow && !rules.playbooks.allow.includes(playbook)) {
      refuse(
        'PlaybookNotAllowed',
        'playbooks.allow',
        `Playbook '${playbook}' is not allowed; allowed: ${rules.playbooks.allow.join(', ') || 'none'}`,
      );
    }
    if (rules.playbooks.trustedOnly && !trust.trusted) {
      refuse('PlaybookNotTrusted', 'playbooks.trustedOnly', `the Playbook is not trusted: ${trust.why}`);
    }
  }
  return found;
}

function passes(lists: { allow?: string[] | undefined; deny?: string[] | undefined }, value: string | undefined): boolean {
  if (value !== undefined && lists.deny?.includes(value)) return false;
  return lists.allow === undefined || (value !== undefined && lists.allow.includes(value));
}

function byPlaybook({ spec, playbook, policies, mayUseAccount }: AdmissionFacts): Refusal[] {
  const name = spec.playbookRef?.name ?? '';
  const adHoc = hasOwnSteps(spec);
  if (!playbook || isBeingDeleted(playbook))
    return [
      {
        code: 'PlaybookNotFound',
        policy: 'Sentinel',
        rule: 'playbook',
        message: playbook ? `Playbook '${name}' is being deleted` : `there is no Playbook '${name}' in this namespace`,
      },
    ];
  const parameters = resolveParameters(playbook.spec, spec.parameters);
  const found = [...parameters.refusals];
  if (adHoc)
    found.push(
      ...playbookFaults(playbook.spec).map((message) => ({
        code: 'StepInvalid' as const,
        policy: 'Sentinel',
        rule: 'steps',
        message,
      })),
    );
  // Without values there is no command line to evaluate; missing values are reported already.
  if (found.length === 0 && !isRollback(spec)) {
    const steps = [...playbook.spec.steps, ...(playbook.spec.verify ?? [])];
    found.push(...judgeSteps(policies, fillSteps(steps, parameters.values)).refusals);
  }
  const image = isRollback(spec) ? undefined : judgeImage(policies, playbook.spec.sandbox.image);
  if (image?.decision === 'Deny') found.push({ ...image, code: 'ImageNotAllowed' });
  for (const repository of spec.target?.repositories ?? []) {
    const opinion = judgeRepository(policies, repository);
    if (opinion.decision === 'Deny') found.push({ ...opinion, code: 'RepositoryNotAllowed' });
  }
  const tool = spec.intent.tool;
  if (tool?.server !== undefined) {
    const opinion = judgeTool(policies, { server: tool.server, tool: tool.name });
    if (opinion.decision === 'Deny') found.push({ ...opinion, code: 'ToolNotAllowed' });
  }
  if (playbook.spec.autonomy === 'Observe' && spec.mode === 'Apply' && playbook.spec.sandbox.profile === 'Change') {
    found.push({
      code: 'PlaybookObservesOnly',
      policy: `Playbook/${name}`,
      rule: 'autonomy',
      message: "the Playbook is for rehearsals only (autonomy 'Observe')",
    });
  }
  if (mayUseAccount !== true) {
    const why = mayUseAccount === undefined ? 'could not be asked' : 'does not hold it';
    found.push({
      code: 'AccountNotAllowed',
      policy: 'RBAC',
      rule: 'use',
      message: `the requester needs the verb 'use' on accounts.sentinel.dev/${playbook.spec.account} and ${why}`,
    });
  }
  return found;
}
