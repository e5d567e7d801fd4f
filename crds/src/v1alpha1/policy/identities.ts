import { z } from 'zod';
import { label, list, mapList, type Rule, rules, set } from '../fields.ts';

/** Who a policy is about; `namespace` says what the namespace of a ServiceAccount is. */
export const subjects = (namespace: string, ...more: readonly Rule[]) =>
  list(
    z
      .object({
        kind: z.enum(['ServiceAccount', 'User', 'Group']).describe('What kind of identity this is.'),
        name: z.string().min(1).max(253).describe('Name of the identity as the API server authenticates it.'),
        namespace: label(namespace).optional(),
      })
      .meta(
        rules(
          {
            rule: "!has(self.namespace) || self.kind == 'ServiceAccount'",
            message: "`namespace` may only be set for the kind 'ServiceAccount'",
          },
          ...more,
        ),
      )
      .describe('An authenticated identity: never a claim of the agent.'),
    64,
    'Who the policy is about. When left out, everyone.',
  ).optional();

const claims = (what: string) =>
  mapList(
    z.object({
      name: z
        .string()
        .min(1)
        .max(253)
        .describe("Key of the claim, such as 'example.com/issuer' or 'authentication.kubernetes.io/pod-name'."),
      values: set(z.string().min(1).max(512), 32, 'Values that are accepted. When left out, any.').optional(),
    }),
    'name',
    16,
    `What the token of ${what} must say: keys of the user's extra information, as the authentication configuration of the API server maps claims to them.`,
  );

/** Which identities of approvers and agents are accepted. */
export const identity = z
  .object({
    approverGroups: set(z.string().min(1).max(253), 32, 'Groups of which an approver must be a member of one.').optional(),
    refuseGroups: set(
      z.string().min(1).max(253),
      32,
      "Groups whose members may not approve, such as 'system:masters'.",
    ).optional(),
    approverClaims: claims('an approver').optional(),
    agentGroups: set(
      z.string().min(1).max(253),
      32,
      'Groups whose members are agents. Agents approve, reject and trust nothing, and write no policies. Users and ServiceAccounts that the `subjects` of a policy name are agents without it; a group among `subjects`, or in `agents.groups`, is not, because people may be in it.',
    ).optional(),
    separationOfDuties: z
      .object({
        exemptUsers: set(z.string().min(1).max(253), 32, 'Names of users.').optional(),
        exemptGroups: set(z.string().min(1).max(253), 32, 'Groups.').optional(),
      })
      .describe(
        'Who may approve or trust although they could act as the requester or author: impersonate it, have its token, or run something in a pod that runs as it. Everyone else who could counts as the same person. Admins of the cluster always could. Each use is recorded.',
      )
      .optional(),
    agents: z
      .object({
        groups: set(z.string().min(1).max(253), 32, 'Groups of which whoever files an action must be in one.').optional(),
        refuseGroups: set(z.string().min(1).max(253), 32, 'Groups whose members may file none.').optional(),
        claims: claims('whoever files an action').optional(),
        requireOnBehalfOf: z
          .boolean()
          .describe('Whether each action must name the person who prompted it, in `spec.onBehalfOf`.')
          .optional(),
      })
      .describe('Which identities may file actions.')
      .optional(),
  })
  .describe('Which identities of approvers and agents are accepted.')
  .optional();
