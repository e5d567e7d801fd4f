import { z } from 'zod';
import { conditions, digest, observedGeneration, rules, set, time } from './fields.ts';
import { approvals } from './policy/approvals.ts';
import { commands, hostExecutables } from './policy/commands.ts';
import { audit, dataHandling, evidence } from './policy/data.ts';
import { identity, subjects } from './policy/identities.ts';
import { highRisk, kubernetes } from './policy/kubernetes.ts';
import { freeze, limits } from './policy/limits.ts';
import { clusterPlaybooks, playbooks } from './policy/playbooks.ts';
import { protectedResources } from './policy/protected.ts';
import { clusterReasons, reasons } from './policy/reasons.ts';
import { files, images, mcpServers, modelEndpoint, network } from './policy/sandboxes.ts';

const allowDeny = (what: string, form = '') =>
  z
    .object({
      allow: set(z.string().min(1).max(253), 64, `The ${what} that may be used${form}. When left out, any.`).optional(),
      deny: set(
        z.string().min(1).max(253),
        64,
        `The ${what} that may not be used, even if another rule allows them${form}.`,
      ).optional(),
    })
    .describe(`Which ${what} an action may concern.`);

const shape = {
  subjects: subjects('Namespace of a ServiceAccount; the namespace of the policy when left out.'),
  modes: set(z.enum(['DryRun', 'Apply']), 2, 'The modes that actions may have: start with [DryRun].').default(['DryRun']),
  environments: allowDeny('environments').optional(),
  repositories: allowDeny(
    'repositories',
    ": patterns of host and path, such as 'github.com/acme/shop' or 'github.com/acme/*' ('*' stands for anything but '/', '**' for anything); a URL or 'git@github.com:acme/shop.git' is read as the same, and case makes no difference",
  ).optional(),
  playbooks,
  commands,
  hostExecutables,
  kubernetes,
  network,
  mcpServers,
  images,
  files,
  approvals,
  reasons,
  highRisk,
  dataHandling,
  evidence,
  audit,
  limits,
  freeze,
  auditOnly: z
    .boolean()
    .describe(
      'The policy refuses nothing. The status of each action says what the policy would have refused. It does not count as the required policy of a namespace.',
    )
    .default(false),
  suspended: z
    .boolean()
    .describe(
      'The kill switch: while true, no action that this policy covers starts, and running ones are stopped; the output of their steps is kept in the results. Setting it to false resumes nothing.',
    )
    .default(false),
};

const status = z
  .object({
    observedGeneration: observedGeneration(),
    conditions: conditions(),
    digest: digest('Digest of the spec that the conditions apply to.').optional(),
    suspension: z
      .object({
        suspended: z.boolean().describe('Whether the kill switch is on.'),
        by: z.string().max(512).describe('Who turned it on or off, as admission recorded it.'),
        since: time('When.'),
      })
      .describe('The last time that the kill switch was turned on or off. Left out if that never happened.')
      .optional(),
  })
  .describe('The status of the policy, written by the operator.');

export const AgentPolicySpec = z
  .object(shape)
  .describe('What agents may do in this namespace. It can only tighten a ClusterAgentPolicy.');
export type AgentPolicySpec = z.infer<typeof AgentPolicySpec>;

export const ClusterAgentPolicySpec = z
  .object({
    ...shape,
    // A ClusterAgentPolicy has no namespace to use as default: a subject without a namespace would silently match nobody.
    subjects: subjects('Namespace of a ServiceAccount; required for one.', {
      rule: "self.kind != 'ServiceAccount' || has(self.namespace)",
      message: "`namespace` must be set for the kind 'ServiceAccount': a ClusterAgentPolicy has none of its own",
    }),
    playbooks: clusterPlaybooks,
    reasons: clusterReasons,
    identity,
    modelEndpoint,
    protected: protectedResources,
  })
  .meta(
    rules({
      rule: '!has(self.subjects) || !has(self.playbooks) || !has(self.playbooks.trustedDigests)',
      message:
        '`playbooks.trustedDigests` may only be set in a policy without `subjects`: a trusted Playbook is trusted for everyone',
      reason: 'FieldValueForbidden',
      fieldPath: '.playbooks.trustedDigests',
    }),
  )
  .describe('The floor of the cluster: what agents may do anywhere. Nothing in a namespace can loosen it.');
export type ClusterAgentPolicySpec = z.infer<typeof ClusterAgentPolicySpec>;

export const PolicyStatus = status;
export type PolicyStatus = z.infer<typeof PolicyStatus>;
