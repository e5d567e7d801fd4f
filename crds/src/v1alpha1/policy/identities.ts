import { z } from 'zod';
import { label, list, mapList, type Rule, rules, set } from '../fields.ts';

/** The identities that a policy applies to; `namespace` is the description of the namespace of a ServiceAccount. */
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
    'The identities that the policy applies to. When left out, everyone.',
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
    approverGroups: set(z.string().min(1).max(253), 32, 'Groups; an approver must be a member of one of them.').optional(),
    refuseGroups: set(
      z.string().min(1).max(253),
      32,
      "Groups whose members may not approve, such as 'system:masters'.",
    ).optional(),
    approverClaims: claims('an approver').optional(),
    agentGroups: set(
      z.string().min(1).max(253),
      32,
      'Groups whose members are agents. Agents cannot approve or trust, and cannot write policies; with the verb `approve` they can reject. Users and ServiceAccounts in the `subjects` of a policy are agents anyway. The members of a group in `subjects` or in `agents.groups` are not, because people may be members of it.',
    ).optional(),
    separationOfDuties: z
      .object({
        exemptUsers: set(z.string().min(1).max(253), 32, 'Names of users.').optional(),
        exemptGroups: set(z.string().min(1).max(253), 32, 'Groups.').optional(),
      })
      .describe(
        'People who may approve or trust although they could act as the requester or author: impersonate it, obtain its token, or run a pod as it. Everyone else who could do so counts as the same person. Admins of the cluster always could. Each use of the exemption is recorded.',
      )
      .optional(),
    agents: z
      .object({
        groups: set(
          z.string().min(1).max(253),
          32,
          'Groups; the requester of an action must be a member of one of them.',
        ).optional(),
        refuseGroups: set(z.string().min(1).max(253), 32, 'Groups whose members may not create actions.').optional(),
        claims: claims('the requester of an action').optional(),
        requireOnBehalfOf: z
          .boolean()
          .describe('Whether each action must name the person who prompted it, in `spec.onBehalfOf`.')
          .optional(),
      })
      .describe('Which identities may create actions.')
      .optional(),
  })
  .describe('Which identities of approvers and agents are accepted.')
  .optional();
