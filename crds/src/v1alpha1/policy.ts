import { z } from 'zod';
import {
  conditions,
  Decision,
  digest,
  duration,
  integer,
  label,
  list,
  mapList,
  objectName,
  observedGeneration,
  RiskLevel,
  type Rule,
  rules,
  set,
  text,
} from './fields.ts';

const subjects = (namespace: string, ...more: readonly Rule[]) =>
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
    autoReview: z
      .boolean()
      .describe(
        "Whether a plan up to this risk may start without a person: that of a trusted Playbook with autonomy 'Auto', or of ad-hoc steps that every policy allows. What is never decided without a person still waits for one, and so does what any other policy wants reviewed.",
      )
      .optional(),
    autoReviewAfter: integer(
      0,
      100,
      'How many runs of the same Playbook, as it stands, must have succeeded in the namespace since one failed, before its plans start without a person. When left out, 3.',
    ).optional(),
  })
  .describe('What an action up to a risk needs before it may start.');

const NetworkRules = z.object({
  allow: set(
    z.string().min(1).max(253),
    256,
    "Hosts that may be reached, such as 'api.github.com' or '*.example.com' (any name below it, not itself). When left out, what `unfamiliar` says.",
  ).optional(),
  deny: set(z.string().min(1).max(253), 256, 'Hosts that may not be reached, whatever allows them.').optional(),
  unfamiliar: Decision.describe('What happens with a host that no rule names.').default('Deny'),
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
  subjects: subjects('Namespace of a ServiceAccount; the namespace of the policy when left out.'),
  modes: set(z.enum(['DryRun', 'Apply']), 2, 'A ceiling for what actions may do: begin with [DryRun].').default(['DryRun']),
  environments: allowDeny('environments').optional(),
  repositories: allowDeny('repositories').optional(),
  playbooks: z
    .object({
      trustedOnly: z
        .boolean()
        .describe('Whether only Playbooks whose digest someone with the verb `trust` has sealed may run.')
        .default(true),
      allow: set(objectName('Name of a Playbook.'), 128, 'Playbooks that may run. When left out, any.').optional(),
      adHocSteps: Decision.describe(
        "Whether an action may bring its own steps instead of a Playbook. 'RequireApproval': its plan always waits for people. 'Allow': like that of a trusted Playbook.",
      ).default('Deny'),
    })
    .describe('Which Playbooks may run.')
    .prefault({}),
  commands: list(
    CommandRule,
    256,
    'Rules about command lines. When left out, the policy has no opinion on commands. Once it has rules, a command that none matches needs a person, unless it is on the built-in list of safe reads.',
  ).optional(),
  hostExecutables: mapList(
    z.object({
      name: z.string().min(1).max(128).describe('Name of a program, such as git.'),
      paths: set(z.string().min(1).max(512), 16, 'Absolute paths at which it is that program.').min(1),
    }),
    'name',
    64,
    'Where programs are: a rule that allows a program by name allows it at these paths alone.',
  ).optional(),
  kubernetes: list(
    KubernetesRule,
    128,
    'Rules about requests to the Kubernetes API. A request that no rule matches is denied.',
  ).optional(),
  network: NetworkRules.describe(
    'Rules about hosts. Sandboxes reach no host yet, and a Playbook that asks for one is refused.',
  ).optional(),
  mcpServers: z
    .object({
      allow: list(
        z.object({
          url: z.string().min(1).max(1024).describe('Address of the server.'),
          schemaDigest: digest(
            'Digest of the tools that the server offers. A call that brings no digest is refused, as what an action says in `intent.tool` is.',
          ).optional(),
          tools: set(z.string().min(1).max(128), 128, 'Tools that may be called.').optional(),
        }),
        64,
        'MCP servers that may be used. When left out, any; an empty list is none. Entries with one `url` are alternatives: what one of them allows is allowed.',
      ).optional(),
    })
    .describe('Rules about MCP servers. What an action says of the tool that filed it (`intent.tool`) is held against them.')
    .optional(),
  images: z
    .object({
      allow: set(
        z.string().min(1).max(512),
        64,
        "Patterns of images that sandboxes may use; '*' stands for anything but '/', '**' for anything. When left out, any.",
      ).optional(),
      requireDigest: z.boolean().describe('Whether images must be named by digest.').optional(),
    })
    .describe('Rules about the images of sandboxes.')
    .optional(),
  files: z
    .object({
      denyRead: set(z.string().min(1).max(512), 128, 'Patterns of files that may not be read.').optional(),
      protect: set(z.string().min(1).max(512), 128, 'Patterns of files that may not be changed.').optional(),
    })
    .describe('Rules about files of a workspace. There are no workspaces yet, and a Playbook that asks for one is refused.')
    .optional(),
  approvals: list(
    ApprovalLine,
    8,
    'The first line whose risk covers that of the action decides what it needs. An action that no line covers is denied.',
  ).optional(),
  highRisk: list(
    z
      .object({
        apiGroups: set(z.string().max(253), 32, 'API groups.').min(1),
        resources: set(z.string().min(1).max(253), 64, 'Resources.').min(1),
        verbs: set(z.enum(['create', 'update', 'patch', 'delete', '*']), 8, "Verbs; '*' is any.").optional(),
        raiseTo: RiskLevel.describe('The risk that a change of these is at least.').optional(),
        refuse: z.boolean().describe('Whether a change of these is refused outright.').optional(),
        justification: text(512, 'Why; shown to the agent and to approvers.').optional(),
      })
      .meta(
        rules({
          rule: 'has(self.raiseTo) || (has(self.refuse) && self.refuse)',
          message: 'a rule must raise the risk (`raiseTo`) or refuse',
        }),
      ),
    64,
    'What raises the risk of an action, or is refused outright.',
  ).optional(),
  dataHandling: z
    .object({
      prompts: Handling.describe(
        'What is kept of `intent.prompt`, from admission on. Unless prompts are stored, secrets in the rest of the intent are masked too.',
      ).optional(),
      parameters: Handling.describe(
        'What the audit trail keeps of the values of parameters. The action itself holds them, because they are what runs.',
      ).optional(),
      logs: Handling.describe('What is kept of what steps print and leave behind: results, last words, evidence.').optional(),
      diffs: Handling.describe(
        'What plans show of values before and after. What was approved is pinned by the digest of each change, whatever is shown.',
      ).optional(),
      redact: z
        .object({
          patterns: set(
            z.string().min(1).max(256),
            32,
            'RE2 expressions of what is a secret here, beside what is known as one. With a group, the group is masked.',
          ).optional(),
          fields: set(
            z
              .string()
              .min(2)
              .max(256)
              .regex(/^(\/[^/]+)+$/),
            64,
            "JSON pointers of fields that plans never show, with all that is in them; '*' stands for one part: '/data/*'.",
          ).optional(),
        })
        .describe('What else is masked.')
        .optional(),
      retainAtLeast: duration(
        'How long an action is kept at least, whatever any policy says of `retainFor`: evidence of a floor is not for a namespace to delete.',
      ).optional(),
      retainFor: duration(
        'How long an action is kept after its end, with its plans and results. Then it is deleted, once a sink has acknowledged its whole audit trail. Limits that count it keep it as long as they do.',
      ).optional(),
    })
    .describe('What is kept of an action, and for how long. Where no policy says, secrets are masked and actions stay.')
    .optional(),
  audit: z
    .object({
      requireSink: z
        .boolean()
        .describe('Whether a real run needs a sink that acknowledged the records of the action so far.')
        .default(false),
      maxLag: duration(
        'How old the oldest record may be that the sink has not acknowledged. When left out, every record must be acknowledged.',
      ).optional(),
    })
    .describe('What the audit trail must be able to do before a real run.')
    .optional(),
  limits: z
    .object({
      duration: duration('How long one Job of an action may run.').optional(),
      objects: integer(1, 500, 'How many objects one action may change.').optional(),
      concurrent: integer(
        1,
        1000,
        'How many real runs may be under way at the same time, over all that the policy covers. The others wait in the order in which they were approved.',
      ).optional(),
      perDay: integer(
        1,
        100000,
        'How many actions one requester may file in 24 hours. An edit that starts over counts like another one.',
      ).optional(),
      escalationsPerHour: integer(
        1,
        1000,
        'How many plans of one requester may wait for people in an hour. One that asks more often is refused until the hour is over.',
      ).optional(),
      children: integer(
        0,
        100,
        'How many children one action may have: actions that name it as their `parentAction`. Where no policy says, none.',
      ).optional(),
      depth: integer(0, 10, 'How many ancestors an action may have. Where no policy says, one.').optional(),
      coolDown: duration(
        'How long a Playbook rests in a namespace after one of its runs failed, was blocked or was taken back.',
      ).optional(),
    })
    .describe('Upper bounds.')
    .optional(),
  freeze: list(
    z.object({
      schedule: z.string().min(1).max(128).describe('When the freeze begins, as a cron expression.'),
      timeZone: z
        .string()
        .min(1)
        .max(64)
        .describe('Time zone of the schedule, such as Europe/Berlin. UTC when left out.')
        .optional(),
      duration: duration('How long it lasts.'),
      reason: text(256, 'Why; shown to whoever is stopped by it.'),
    }),
    16,
    'Times in which no real run starts. What is approved meanwhile waits.',
  ).optional(),
  auditOnly: z
    .boolean()
    .describe(
      'The policy refuses nothing and says in the status of each action what it would have refused. It does not count as the policy that must exist.',
    )
    .default(false),
  suspended: z
    .boolean()
    .describe(
      'The kill switch: while true, nothing that this policy covers starts, and what runs is ended; what its steps printed is kept in the results. Setting it to false resumes nothing by itself.',
    )
    .default(false),
};

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
    // It has no namespace of its own to fall back to: without one it would be about nobody, and nobody would notice.
    subjects: subjects('Namespace of a ServiceAccount; required for one.', {
      rule: "self.kind != 'ServiceAccount' || has(self.namespace)",
      message: "`namespace` must be set for the kind 'ServiceAccount': a ClusterAgentPolicy has none of its own",
    }),
    identity: z
      .object({
        approverGroups: set(z.string().min(1).max(253), 32, 'Groups of which an approver must be a member of one.').optional(),
        refuseGroups: set(
          z.string().min(1).max(253),
          32,
          "Groups whose members may not approve, such as 'system:masters'.",
        ).optional(),
        approverClaims: claims('an approver').optional(),
        agents: z
          .object({
            groups: set(z.string().min(1).max(253), 32, 'Groups of which whoever files an action must be in one.').optional(),
            refuseGroups: set(z.string().min(1).max(253), 32, 'Groups whose members may file none.').optional(),
            claims: claims('whoever files an action').optional(),
          })
          .describe('Which identities may file actions.')
          .optional(),
      })
      .describe('Which identities of approvers and agents are accepted.')
      .optional(),
    modelEndpoint: z
      .object({
        url: z
          .string()
          .min(1)
          .max(1024)
          .describe(
            'Address of an OpenAI-compatible endpoint, without user, query and fragment. Without https only on the machine itself or as NAME.NAMESPACE.svc.',
          ),
        models: set(z.string().min(1).max(253), 64, 'Names of models that may be used there. When left out, any.').optional(),
      })
      .describe(
        'The one place where models may be asked. Policies that name different ones let nothing pass. No step reaches a model yet: a Playbook that asks for one is refused.',
      )
      .optional(),
  })
  .describe('The floor of the cluster: what agents may do anywhere. Nothing in a namespace loosens it.');
export type ClusterAgentPolicySpec = z.infer<typeof ClusterAgentPolicySpec>;

export const PolicyStatus = status;
export type PolicyStatus = z.infer<typeof PolicyStatus>;
