import { z } from 'zod';
import { Decision, digest, mapList, objectName, rules, set, text } from '../fields.ts';

/** How many digests one ClusterAgentPolicy may name. */
export const TRUSTED_DIGESTS_MAX = 256;

const trustedDigests = (where: string) =>
  mapList(
    z
      .object({
        digest: digest('Digest of the spec of a Playbook, as `.status.digest` and `kubectl sentinel digests` show it.'),
        name: objectName(
          'The name that the Playbook must have. When left out, any: who may write Playbooks can then run copies of it, each with limits of its own.',
        ).optional(),
        comment: text(256, 'What it is, for people, such as the version of the library.').optional(),
      })
      .describe('A Playbook that is trusted by its content.'),
    'digest',
    TRUSTED_DIGESTS_MAX,
    where,
  ).optional();

const shape = {
  trustedOnly: z
    .boolean()
    .describe(
      'Whether only trusted Playbooks may run: those whose digest someone with the verb `trust` has sealed, or a ClusterAgentPolicy names.',
    )
    .default(true),
  allow: set(objectName('Name of a Playbook.'), 128, 'Playbooks that may run. When left out, any.').optional(),
  adHocSteps: Decision.describe(
    "Whether an action may bring ad-hoc steps instead of a Playbook. 'RequireApproval': its plan always waits for people. 'Allow': like that of a trusted Playbook.",
  ).default('Deny'),
};

/** Which Playbooks may run, by a policy of a namespace. */
export const playbooks = z
  .object({ ...shape, trustedDigests: trustedDigests('Only for a ClusterAgentPolicy: refused here.') })
  .meta(
    rules({
      rule: '!has(self.trustedDigests)',
      message: '`trustedDigests` may only be set in a ClusterAgentPolicy',
      reason: 'FieldValueForbidden',
      fieldPath: '.trustedDigests',
    }),
  )
  .describe('Which Playbooks may run.')
  .prefault({});

/** Which Playbooks may run, by a policy of the cluster. */
export const clusterPlaybooks = z
  .object({
    ...shape,
    trustedDigests: trustedDigests(
      'Digests of Playbooks that are trusted in every namespace, for every author apart from agents. Where several ClusterAgentPolicies have this list, only what all of them name is trusted, with the names that any of them sets; an empty list trusts nothing. Requires that the policy has no `subjects`. The authors of such a Playbook need the verb `use` on its account for its schedule.',
    ),
  })
  .describe('Which Playbooks may run.')
  .prefault({});
