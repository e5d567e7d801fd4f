import { z } from 'zod';
import {
  conditions,
  digest,
  duration,
  label,
  list,
  mapList,
  objectName,
  observedGeneration,
  RiskLevel,
  rules,
  set,
  text,
  time,
  unsupported,
} from './fields.ts';
import { ScheduleSpec, ScheduleStatus } from './playbook/schedule.ts';
import { STANDING_KEPT, StandingApproval } from './playbook/standing.ts';

export { STANDING_KEPT, StandingApproval, StandingRisk } from './playbook/standing.ts';

export { ScheduleSpec, ScheduleStatus };

/** A command of a Playbook: argv, never a line for a shell. */
export const Step = z
  .object({
    name: label('Name of the step, once in the Playbook.'),
    command: list(
      z.string().max(4096),
      64,
      "The command and its arguments. '$(params.NAME)' inside one argument is replaced by the value of a parameter; the argument stays one argument.",
    ).min(1),
    image: z
      .string()
      .min(1)
      .max(512)
      .describe('Image of this step; the image of the sandbox when left out.')
      .meta(unsupported)
      .optional(),
    env: mapList(
      z.object({
        name: z
          .string()
          .min(1)
          .max(128)
          .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
          .describe('Name of the variable.'),
        value: z.string().max(4096).describe("Value; '$(params.NAME)' is replaced."),
      }),
      'name',
      32,
      'Environment variables of the step.',
    ).optional(),
  })
  .describe('One command.');
export type Step = z.infer<typeof Step>;

/** What a value of an Integer may be at most: 15 digits, which every client holds exactly. */
const LARGEST = 999_999_999_999_999;
const bound = (description: string) =>
  z.int().min(-LARGEST).max(LARGEST).meta({ format: 'int64' }).describe(description).optional();

export const ParameterDeclaration = z
  .object({
    name: z
      .string()
      .min(1)
      .max(63)
      .regex(/^[a-z]([a-zA-Z0-9-]*[a-zA-Z0-9])?$/)
      .describe('Name of the parameter.'),
    type: z.enum(['String', 'Integer', 'Boolean']).describe('Type of the value.').default('String'),
    description: text(512, 'What the value means.').optional(),
    pattern: z.string().min(1).max(512).describe('An RE2 expression that the whole value must match.').optional(),
    enum: set(z.string().min(1).max(256), 64, 'The values that are allowed.').optional(),
    min: bound('The smallest number that is allowed, for an Integer.'),
    max: bound('The largest number that is allowed, for an Integer.'),
    default: z.string().max(1024).describe('The value when the action gives none.').optional(),
    required: z.boolean().describe('Whether the action must give a value.').default(false),
    allowLeadingDash: z.boolean().describe("Whether a value may begin with '-' and so be read as an option.").default(false),
  })
  .meta(
    rules(
      { rule: '!(self.required && has(self.default))', message: '`default` must not be set for a required parameter' },
      {
        rule: "self.type == 'Integer' || !(has(self.min) || has(self.max))",
        message: '`min` and `max` are for the type Integer',
        reason: 'FieldValueForbidden',
      },
      { rule: '!has(self.min) || !has(self.max) || self.min <= self.max', message: '`min` must not be above `max`' },
    ),
  )
  .describe('A value that an action may fill in.');
export type ParameterDeclaration = z.infer<typeof ParameterDeclaration>;

export const Rollback = z
  .object({
    from: z
      .enum(['PreImages', 'Steps', 'None'])
      .describe("The source of the rollback. 'PreImages': the objects as the gateway captured them before each write."),
    reason: text(512, "Why there is no rollback; required for 'None'.").optional(),
    steps: list(Step, 16, "Commands of the rollback, for 'Steps'.").meta(unsupported).optional(),
  })
  .meta(
    rules(
      {
        rule: "self.from != 'None' || has(self.reason)",
        message: '`reason` must say why there is no rollback',
        reason: 'FieldValueRequired',
      },
      { rule: "self.from != 'Steps'", message: "'Steps' is not supported yet", reason: 'FieldValueForbidden' },
    ),
  )
  .describe('How a change is rolled back when its verification fails.');

const names = { image: z.string().min(1).max(512) };

export const PlaybookSpec = z
  .object({
    category: z
      .enum([
        'CodeReview',
        'ContinuousIntegration',
        'LogAnalysis',
        'VulnerabilityInvestigation',
        'EnvironmentHealth',
        'Documentation',
        'IncidentSummary',
        'Other',
      ])
      .describe('What the Playbook is for.'),
    description: text(2048, 'What the Playbook does, in a sentence for people.'),
    parameters: mapList(ParameterDeclaration, 'name', 32, 'Values that an action may fill in.').optional(),
    account: label(
      'The account that runs use: a name without credentials. The requester of an action needs the verb `use` on it.',
    ),
    sandbox: z
      .object({
        profile: z
          .enum(['Observe', 'Workspace', 'Change'])
          .describe("'Observe': reads only, any write fails. 'Change': writes become effects of the plan.")
          .default('Observe'),
        image: names.image.describe('Image of the steps, by digest unless it is your own image.'),
        resources: z
          .object({
            cpu: z
              .string()
              .max(16)
              .regex(/^[0-9]+(\.[0-9]+)?m?$/)
              .describe('Limit of CPU.')
              .default('500m'),
            memory: z
              .string()
              .max(16)
              .regex(/^[0-9]+(Ki|Mi|Gi)$/)
              .describe('Limit of memory.')
              .default('256Mi'),
          })
          .describe('Limits of each step.')
          .prefault({}),
        runtimeClassName: objectName('Runtime class of the pods, such as gvisor.').optional(),
      })
      .meta(
        rules({
          rule: "self.profile != 'Workspace'",
          message: "'Workspace' is not supported yet",
          reason: 'FieldValueForbidden',
        }),
      )
      .describe('Settings of the pods of a run.'),
    access: z
      .object({
        network: list(
          z.object({
            host: z.string().min(1).max(253).describe('Name of the host.'),
            methods: set(z.string().min(1).max(16), 16, 'HTTP methods that may be used.').optional(),
          }),
          64,
          'Hosts that the steps reach.',
        ).optional(),
        repositories: set(z.string().min(1).max(512), 32, 'Repositories that the steps read or change.').optional(),
        mcpServers: set(z.string().min(1).max(1024), 16, 'MCP servers that the steps use.').optional(),
        model: z.enum(['None', 'Planner']).describe('Whether the steps may use a model.').optional(),
        secrets: set(z.string().min(1).max(253), 16, 'Credentials that the gateway adds.').optional(),
      })
      .meta(unsupported)
      .describe('What the steps need beyond the Kubernetes API.')
      .optional(),
    setup: list(Step, 8, 'Steps that may reach hosts that the other steps may not.').meta(unsupported).optional(),
    steps: mapList(Step, 'name', 16, 'The commands, in order. The first that fails ends the run.').min(1),
    expect: text(1024, 'What is expected to be true afterwards; shown to approvers.').optional(),
    verify: mapList(Step, 'name', 8, 'Commands that check the outcome. They may only read.').optional(),
    verifyAfter: duration('How long to wait after the run before it is verified.').optional(),
    rollback: Rollback.optional(),
    results: mapList(
      z.object({
        name: label('Name of the result; a step writes it to the file of that name in $SENTINEL_RESULTS.'),
        mediaType: z.string().min(1).max(128).describe('Media type of the result.').default('text/plain'),
      }),
      'name',
      8,
      'Files that a run writes as results. 16 KiB of them are kept in total.',
    ).optional(),
    risk: z
      .object({ floor: RiskLevel.describe('The lowest risk of each action of this Playbook.') })
      .describe('The risk according to the author.')
      .optional(),
    matches: list(
      z.object({
        event: z
          .object({ reason: z.string().min(1).max(128).describe('Reason of the event.') })
          .describe('A Kubernetes event.')
          .optional(),
        alert: z
          .object({ alertname: z.string().min(1).max(256).describe('Name of the alert.') })
          .describe('An Alertmanager alert.')
          .optional(),
      }),
      32,
      'Issues that this Playbook resolves.',
    )
      .meta(unsupported)
      .optional(),
    schedule: ScheduleSpec.optional(),
    autonomy: z
      .enum(['Observe', 'Approve', 'Auto'])
      .describe(
        "What may happen without approval. 'Observe': rehearsals only. 'Auto': its plans may start without approval if policies allow it (`approvals[].autoReview`), the Playbook is trusted and its runs succeed.",
      )
      .default('Approve'),
  })
  .meta(
    rules(
      {
        rule: "self.sandbox.profile != 'Change' || has(self.rollback)",
        message: "`rollback` must say how a change is rolled back (from: 'PreImages' or 'None' with a reason)",
        reason: 'FieldValueRequired',
      },
      {
        rule: "self.sandbox.profile == 'Change' || !has(self.verify)",
        message: "`verify` may only be set for the profile 'Change': a run that only reads has nothing to verify",
        reason: 'FieldValueForbidden',
      },
    ),
  )
  .describe('An approved way of doing one thing.');
export type PlaybookSpec = z.infer<typeof PlaybookSpec>;

export const PlaybookStatus = z
  .object({
    observedGeneration: observedGeneration(),
    conditions: conditions(),
    digest: digest('Digest of the spec: what `kubectl sentinel trust` seals.').optional(),
    trustedBy: z.string().max(253).describe('Who sealed this digest.').optional(),
    trustedAt: time('When it was sealed.').optional(),
    trustedByPolicies: set(
      objectName('Name of a ClusterAgentPolicy.'),
      16,
      'The ClusterAgentPolicies that name this digest (`playbooks.trustedDigests`), if that is why it is trusted.',
    ).optional(),
    schedule: ScheduleStatus.optional(),
    standingApprovals: list(
      StandingApproval,
      STANDING_KEPT,
      'The standing approvals of the schedule. Whether one covers an action also depends on its plan.',
    ).optional(),
  })
  .describe('The status of the Playbook, written by the operator.');
export type PlaybookStatus = z.infer<typeof PlaybookStatus>;
