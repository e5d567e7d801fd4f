import { z } from 'zod';
import { Decision, label, list, objectName, RiskLevel, rules, set, text } from '../fields.ts';

const apiGroups = set(
  z
    .string()
    .max(253)
    .regex(
      /^([*]|[a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$/,
      "must be an API group without its version, such as 'apps' for 'apps/v1'; '' is the core group, '*' is any",
    ),
  32,
  "API groups, without versions; '' is the core group, '*' is any.",
).min(1);

// Names of metrics are served as subresources, in any case.
const resources = (description: string) =>
  set(
    z
      .string()
      .min(1)
      .max(253)
      .regex(
        /^([*]|[a-z0-9]([-_a-z0-9.]*[a-z0-9])?([/][A-Za-z0-9]([-_A-Za-z0-9.]*[A-Za-z0-9])?)?)$/,
        "must be a resource in lower case and plural, such as 'deployments', or one of its subresources, such as 'deployments/scale'; '*' stands alone",
      ),
    64,
    description,
  ).min(1);

const KubernetesRule = z
  .object({
    apiGroups,
    resources: resources("Resources such as 'deployments' or 'deployments/scale'; '*' is any resource without subresources."),
    verbs: set(
      z.enum(['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection', '*']),
      16,
      "Verbs of the request; '*' is any.",
    ).min(1),
    resourceNames: set(
      objectName('Name of an object.'),
      64,
      "Names of objects. When left out, any. A 'list', 'watch' or 'deletecollection' request names no object. A Deny or RequireApproval whose verbs cover it applies to it nevertheless, because it would reach those objects; an Allow does not.",
    ).optional(),
    namespaces: set(
      label('Name of a namespace.'),
      64,
      'Namespaces that the request may reach. When left out, the namespace of the action.',
    ).optional(),
    decision: Decision.describe('The decision about a request that the rule matches.'),
    justification: text(512, 'Why; shown to the agent and to approvers.').optional(),
  })
  .describe('A rule about requests to the Kubernetes API.');

/** Rules about requests to the Kubernetes API. */
export const kubernetes = list(
  KubernetesRule,
  128,
  'Rules about requests to the Kubernetes API. A request that no rule matches is denied.',
).optional();

/** What raises the risk, or is refused outright. */
export const highRisk = list(
  z
    .object({
      apiGroups,
      resources: resources("Resources such as 'deployments', with their subresources, or 'deployments/scale'; '*' is any."),
      verbs: set(z.enum(['create', 'update', 'patch', 'delete', '*']), 8, "Verbs; '*' is any.").optional(),
      raiseTo: RiskLevel.describe('The lowest risk of a change of these resources.').optional(),
      refuse: z.boolean().describe('Whether a change of these resources is refused.').optional(),
      justification: text(512, 'Why; shown to the agent and to approvers.').optional(),
    })
    .meta(
      rules({
        rule: 'has(self.raiseTo) || (has(self.refuse) && self.refuse)',
        message: 'a rule must raise the risk (`raiseTo`) or refuse',
      }),
    ),
  64,
  'Changes that raise the risk of an action, or are refused.',
).optional();
