import { z } from 'zod';
import {
  conditions,
  Decision,
  digest,
  duration,
  integer,
  label,
  list,
  objectName,
  observedGeneration,
  RiskLevel,
  rules,
  set,
  text,
  unsupported,
} from './fields.ts';

const Subject = z
  .object({
    kind: z.enum(['ServiceAccount', 'User', 'Group']).describe('What kind of identity this is.'),
    name: z.string().min(1).max(253).describe('Name of the identity as the API server authenticates it.'),
    namespace: label('Namespace of a ServiceAccount; the namespace of the policy when left out.').optional(),
  })
  .meta(
    rules({
      rule: "!has(self.namespace) || self.kind == 'ServiceAccount'",
      message: "`namespace` may only be set for the kind 'ServiceAccount'",
    }),
  )
  .describe('An authenticated identity: never a claim of the agent.');

const allowDeny = (what: string) =>
  z
    .object({
      allow: set(z.string().min(1).max(253), 64, `The ${what} that may be used. When left out, any.`).optional(),
      deny: set(z.string().min(1).max(253), 64, `The ${what} that may not be used, whatever allows them.`).optional(),
    })
    .describe(`Which ${what} an action may concern.`);

const KubernetesRule = z
  .object({
    apiGroups: set(z.string().max(253), 32, "API groups; '' is the core group, '*' is any.").min(1),
    resources: set(
      z.string().min(1).max(253),
      64,
      "Resources such as 'deployments' or 'deployments/scale'; '*' is any resource without subresources.",
    ).min(1),
    verbs: set(
      z.enum(['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection', '*']),
      16,
      "Verbs of the request; '*' is any.",
    ).min(1),
    resourceNames: set(objectName('Name of an object.'), 64, 'Names of objects. When left out, any.').optional(),
    namespaces: set(
      label('Name of a namespace.'),
      64,
      'Namespaces that the request may reach. When left out, the namespace of the action.',
    ).optional(),
    decision: Decision.describe('What the rule says of a request that it matches.'),
    justification: text(512, 'Why; shown to the agent and to approvers.').optional(),
  })
  .describe('A rule about requests to the Kubernetes API.');

const ApprovalLine = z
  .object({
    upToRisk: RiskLevel.describe('The line covers actions up to this risk.'),
    approvals: integer(1, 10, 'How many different people must approve.').default(1),
    groups: set(
      z.string().min(1).max(253),
      32,
      'An approval counts only from a member of one of these groups. When left out, from everyone with the verb `approve`.',
    ).optional(),
    expiresAfter: duration('How long an approval stays good.').default('4h'),
    autoReview: z.boolean().describe('Whether a low-risk action may be decided without a person.').meta(unsupported).optional(),
  })
  .describe('What an action up to a risk needs before it may start.');

const NetworkRules = z.object({
  allow: set(
    z.string().min(1).max(253),
    256,
    "Hosts that may be reached, such as 'api.github.com' or '*.example.com'.",
  ).optional(),
  deny: set(z.string().min(1).max(253), 256, 'Hosts that may not be reached, whatever allows them.').optional(),
  unfamiliar: Decision.describe('What happens with a host that no rule names.').optional(),
});

const CommandRule = z.object({
  prefix: list(z.string().min(1).max(256), 32, "Tokens in order; alternatives of one position are separated by '|'.").min(1),
  decision: Decision.describe('What the rule says of a command that it matches.'),
  justification: text(512, 'Why; shown to the agent and to approvers.').optional(),
  match: list(z.string().min(1).max(1024), 16, 'Examples that must match.').optional(),
  notMatch: list(z.string().min(1).max(1024), 16, 'Examples that must not match.').optional(),
});

const Handling = z.enum(['Stored', 'Redacted', 'Hashed', 'Dropped']);

const shape = {
  subjects: list(Subject, 64, 'Who the policy is about. When left out, everyone.').optional(),
  modes: set(z.enum(['DryRun', 'Apply']), 2, 'A ceiling for what actions may do: begin with [DryRun].').default(['DryRun']),
  environments: allowDeny('environments').optional(),
  repositories: allowDeny('repositories').meta(unsupported).optional(),
  playbooks: z
    .object({
      trustedOnly: z
        .boolean()
        .describe('Whether only Playbooks whose digest someone with the verb `trust` has sealed may run.')
        .default(true),
      allow: set(objectName('Name of a Playbook.'), 128, 'Playbooks that may run. When left out, any.').optional(),
      adHocSteps: Decision.describe('Whether an action may bring its own steps.').meta(unsupported).optional(),
    })
    .describe('Which Playbooks may run.')
    .prefault({}),
  commands: list(CommandRule, 256, 'Rules about command lines.').meta(unsupported).optional(),
  kubernetes: list(
    KubernetesRule,
    128,
    'Rules about requests to the Kubernetes API. A request that no rule matches is denied.',
  ).optional(),
  network: NetworkRules.meta(unsupported).describe('Rules about hosts.').optional(),
  mcpServers: z
    .object({
      allow: list(
        z.object({
          url: z.string().min(1).max(1024).describe('Address of the server.'),
          schemaDigest: digest('Digest of the tools that the server offers.').optional(),
          tools: set(z.string().min(1).max(128), 128, 'Tools that may be called.').optional(),
        }),
        64,
        'MCP servers that may be used.',
      ).optional(),
    })
    .meta(unsupported)
    .describe('Rules about MCP servers.')
    .optional(),
  images: z
    .object({
      allow: set(z.string().min(1).max(512), 64, 'Patterns of images that sandboxes may use.').optional(),
      requireDigest: z.boolean().describe('Whether images must be named by digest.').optional(),
    })
    .meta(unsupported)
    .describe('Rules about the images of sandboxes.')
    .optional(),
  files: z
    .object({
      denyRead: set(z.string().min(1).max(512), 128, 'Patterns of files that may not be read.').optional(),
      protect: set(z.string().min(1).max(512), 128, 'Patterns of files that may not be changed.').optional(),
    })
    .meta(unsupported)
    .describe('Rules about files of a workspace.')
    .optional(),
  approvals: list(
    ApprovalLine,
    8,
    'The first line whose risk covers that of the action decides what it needs. An action that no line covers is denied.',
  ).optional(),
  highRisk: list(
    z.object({
      apiGroups: set(z.string().max(253), 32, 'API groups.').min(1),
      resources: set(z.string().min(1).max(253), 64, 'Resources.').min(1),
      raiseTo: RiskLevel.describe('The risk that a change of these is at least.'),
    }),
    64,
    'What raises the risk of an action.',
  )
    .meta(unsupported)
    .optional(),
  dataHandling: z
    .object({
      prompts: Handling.describe('What is kept of prompts.').optional(),
      parameters: Handling.describe('What is kept of parameters.').optional(),
      logs: Handling.describe('What is kept of logs.').optional(),
      diffs: Handling.describe('What is kept of diffs.').optional(),
      retainFor: duration('How long it is kept.').optional(),
    })
    .meta(unsupported)
    .describe('What is kept of an action, and for how long.')
    .optional(),
  audit: z
    .object({
      requireSink: z
        .boolean()
        .describe('Whether a real run needs a sink that acknowledged the records of the action so far.')
        .default(false),
      maxLag: duration('How old the oldest unacknowledged record may be.').meta(unsupported).optional(),
    })
    .describe('What the audit trail must be able to do before a real run.')
    .optional(),
  limits: z
    .object({
      duration: duration('How long one Job of an action may run.').optional(),
      objects: integer(1, 500, 'How many objects one action may change.').optional(),
      concurrent: integer(1, 1000, 'How many actions may run at the same time.').meta(unsupported).optional(),
      perDay: integer(1, 100000, 'How many actions may be filed in a day.').meta(unsupported).optional(),
      escalationsPerHour: integer(1, 1000, 'How many approvals an agent may ask for in an hour.').meta(unsupported).optional(),
      children: integer(0, 100, 'How many actions an action may file.').meta(unsupported).optional(),
      depth: integer(0, 10, 'How deep actions may file actions.').meta(unsupported).optional(),
      coolDown: duration('How long a target rests after a failed action.').meta(unsupported).optional(),
    })
    .describe('Upper bounds.')
    .optional(),
  freeze: list(
    z.object({
      schedule: z.string().min(1).max(128).describe('When the freeze begins, as a cron expression.'),
      timeZone: z.string().min(1).max(64).describe('Time zone of the schedule.').optional(),
      duration: duration('How long it lasts.'),
      reason: text(256, 'Why; shown to whoever is stopped by it.'),
    }),
    16,
    'Times in which nothing starts.',
  )
    .meta(unsupported)
    .optional(),
  suspended: z.boolean().describe('The kill switch: while true, nothing that this policy covers starts.').default(false),
};

const status = z
  .object({
    observedGeneration: observedGeneration(),
    conditions: conditions(),
    digest: digest('Digest of the spec that the conditions speak of.').optional(),
  })
  .describe('What the operator says of the policy.');

export const AgentPolicySpec = z
  .object(shape)
  .describe('What agents may do in this namespace. A ClusterAgentPolicy can only be tightened by it.');
export type AgentPolicySpec = z.infer<typeof AgentPolicySpec>;

export const ClusterAgentPolicySpec = z
  .object({
    ...shape,
    identity: z
      .object({
        approverGroups: set(z.string().min(1).max(253), 32, 'Groups of which an approver must be a member of one.').optional(),
        refuseGroups: set(
          z.string().min(1).max(253),
          32,
          "Groups whose members may not approve, such as 'system:masters'.",
        ).optional(),
      })
      .meta(unsupported)
      .describe('Which identities of approvers and agents are accepted.')
      .optional(),
    modelEndpoint: z
      .object({ url: z.string().min(1).max(1024).describe('Address of an OpenAI-compatible endpoint.') })
      .meta(unsupported)
      .describe('The model that may be used.')
      .optional(),
  })
  .describe('The floor of the cluster: what agents may do anywhere. Nothing in a namespace loosens it.');
export type ClusterAgentPolicySpec = z.infer<typeof ClusterAgentPolicySpec>;

export const PolicyStatus = status;
export type PolicyStatus = z.infer<typeof PolicyStatus>;
