import { z } from 'zod';
import { AuditRecord } from './audit.ts';
import {
  conditions,
  digest,
  integer,
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
  uid,
  unsupported,
} from './fields.ts';

const Intent = z
  .object({
    summary: text(512, 'What the agent says it is going to do, in a sentence.'),
    prompt: z.string().max(16384).describe('The original prompt that led to this action.').optional(),
    reason: text(2048, 'Why the agent wants it.').optional(),
    agent: z
      .object({
        name: text(128, 'Name of the agent.'),
        model: text(128, 'Model that the agent uses.').optional(),
        session: text(256, 'Session of the agent.').optional(),
      })
      .describe('Who the agent says it is. The authenticated requester is in the annotation sentinel.dev/requested-by.')
      .optional(),
    role: text(128, 'The role that the agent plays in its team.').optional(),
    goal: text(1024, 'The larger goal that the action serves.').optional(),
    tool: z
      .object({
        server: text(512, 'MCP server of the tool.').optional(),
        name: text(256, 'Name of the tool.'),
      })
      .describe('The tool call that filed this action.')
      .optional(),
    parentAction: objectName(
      'The action of the same requester, in the same namespace, that this one is a part of. Whatever holds or ends the parent holds or ends this one, and both draw on one budget.',
    ).optional(),
    references: list(z.string().min(1).max(1024), 16, 'Tickets, alerts, commits: where to read more.').optional(),
    traceparent: z
      .string()
      .max(55)
      .regex(/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/)
      .describe('W3C trace context of the agent, so that its trace and that of the action are linked.')
      .optional(),
  })
  .describe('What the agent says: data for people and for the audit trail. Nothing in it makes a decision looser.');

const OwnStep = z.object({
  name: label('Name of the step, once in the action.'),
  command: list(z.string().max(4096), 64, 'The command and its arguments: argv, never a line for a shell.').min(1),
});

export const AgentActionSpec = z
  .object({
    intent: Intent,
    onBehalfOf: z
      .object({ user: text(253, 'The person.') })
      .meta(unsupported)
      .describe('The person for whom the agent acts; counts as requester.')
      .optional(),
    playbookRef: z
      .object({ name: objectName('Name of the Playbook, in the same namespace.') })
      .describe('The Playbook to run.')
      .optional(),
    parameters: mapList(
      z.object({
        name: z.string().min(1).max(63).describe('Name of the parameter.'),
        value: z.string().max(1024).describe('Its value.'),
      }),
      'name',
      32,
      'Values for the parameters of the Playbook.',
    ).optional(),
    steps: mapList(
      OwnStep,
      'name',
      16,
      'Steps of the action itself, instead of a Playbook. Policies must let an action bring its own (`playbooks.adHocSteps`).',
    )
      .min(1)
      .optional(),
    verify: mapList(OwnStep, 'name', 8, 'Commands that check the outcome of `steps`. They may only read.').optional(),
    account: label('The account that `steps` run as. Whoever files the action needs the verb `use` on it.').optional(),
    image: z.string().min(1).max(512).describe('Image that `steps` run in, by digest wherever it is not your own.').optional(),
    issue: z
      .object({ summary: text(1024, 'What is wrong.') })
      .meta(unsupported)
      .describe('An issue that is matched against the Playbooks.')
      .optional(),
    target: z
      .object({
        environment: label(
          'The environment that the agent believes to act on. A claim that differs from the label of the namespace is refused.',
        ).optional(),
        namespaces: set(
          label('Name of a namespace.'),
          16,
          'Namespaces that are concerned. A change in any other is shown as undeclared. When left out, that of the action.',
        ).optional(),
        repositories: set(
          z.string().min(1).max(512),
          16,
          'Repositories that are concerned, such as github.com/acme/shop. Policies judge each.',
        ).optional(),
      })
      .describe('What the agent believes to act on: claims, checked against facts.')
      .optional(),
    mode: z.enum(['Apply', 'DryRun']).describe("'DryRun' ends with the plan; nothing is asked of anyone.").default('Apply'),
    cancelled: z.boolean().describe('Set to true to end the action, whatever it is doing. Stays true.').default(false),
  })
  .meta(
    rules(
      {
        rule: 'has(self.playbookRef) != has(self.steps)',
        message: 'either `playbookRef` must name the Playbook to run, or `steps` must say what to do',
        reason: 'FieldValueRequired',
      },
      {
        rule: '!has(self.steps) || (has(self.account) && has(self.image))',
        message: '`steps` need the `account` that they run as and the `image` that they run in',
        reason: 'FieldValueRequired',
      },
      {
        rule: 'has(self.steps) || !(has(self.verify) || has(self.account) || has(self.image))',
        message: '`verify`, `account` and `image` go with `steps`: a Playbook brings its own',
        reason: 'FieldValueForbidden',
      },
      {
        rule: 'has(self.playbookRef) || !has(self.parameters)',
        message: '`parameters` are those of a Playbook: `steps` have none',
        reason: 'FieldValueForbidden',
      },
      { rule: '!oldSelf.cancelled || self.cancelled', message: '`cancelled` must stay true once it is' },
    ),
  )
  .describe('What an agent asks for.');
export type AgentActionSpec = z.infer<typeof AgentActionSpec>;

/** The stages that have a Job of their own. */
export const Stage = z.enum(['rehearsal', 'run', 'verification']);
export type Stage = z.infer<typeof Stage>;

const StepResult = z.object({
  name: label('Name of the step.'),
  exitCode: z
    .int()
    .min(-1)
    .max(255)
    .meta({ format: 'int32' })
    .describe('Exit code of the step; -1 when it never ran to its end.'),
  reason: z.string().max(128).describe('What the kubelet says of the end.').optional(),
  restarts: integer(
    0,
    1000000,
    'How often the kubelet executed the step again, which it must not. Left out when it did not. A rehearsal with such a step starts over.',
  ).optional(),
});

const StageStatus = z
  .object({
    stage: Stage.describe('The stage that this Job is for.'),
    attempt: integer(1, 100, 'Counts the Jobs of this stage.'),
    name: objectName('Name of the Job in the sandbox namespace.'),
    uid: uid('Uid of the Job. A pod that belongs to another Job is refused by the gateway.'),
    digest: digest('Digest of the pod template that was sent and compared.').optional(),
    plan: digest('Digest of the plan that the Job runs.').optional(),
    startedAt: time('When the Job was released.').optional(),
    finishedAt: time('When its outcome was read.').optional(),
    outcome: z.enum(['Succeeded', 'Failed', 'Blocked', 'Cancelled', 'Unknown']).describe('How it ended.').optional(),
    message: z.string().max(2048).describe('Why, for people.').optional(),
    steps: list(StepResult, 32, 'How each step ended.').optional(),
  })
  .describe('One Job of the action.');
export type StageStatus = z.infer<typeof StageStatus>;

const CountedDecision = z
  .object({
    user: z.string().max(512).describe('Who decided.'),
    decision: z.enum(['approve', 'reject', 'revoke']).describe('What was decided.'),
    time: time('When.'),
    expires: time('When the approval stops being good.').optional(),
    plan: digest('The plan that was decided on.'),
    comment: z.string().max(1024).describe('What the person wrote.').optional(),
    counts: z.boolean().describe('Whether it counts for the current plan.'),
    why: z.string().max(512).describe('Why it does not count.').optional(),
  })
  .describe('A sealed decision as the operator reads it.');

export const AgentActionStatus = z
  .object({
    observedGeneration: observedGeneration(),
    conditions: conditions(),
    attempt: integer(1, 100, 'Counts the rehearsals.').optional(),
    playbook: z
      .object({
        name: objectName('Name.'),
        uid: uid('Uid.'),
        digest: digest('Digest of the spec that runs.'),
        adHoc: z.boolean().describe('Whether there is no Playbook, and the steps are those of the action.').optional(),
      })
      .describe('The Playbook as it was when the action was admitted; for ad-hoc steps what they come to, named for the action.')
      .optional(),
    account: label('The account that the action runs as.').optional(),
    lineage: list(
      z.object({ name: objectName('Name of the action.'), uid: uid('Its uid.') }),
      10,
      'The actions that this one is a part of, the first of them first.',
    ).optional(),
    environment: z.string().max(63).describe('The environment, from the label of the namespace.').optional(),
    policies: list(
      z.object({
        kind: z.enum(['AgentPolicy', 'ClusterAgentPolicy']).describe('Kind of the policy.'),
        name: objectName('Name of the policy.'),
        digest: digest('Digest of its spec.'),
      }),
      64,
      'The policies that were asked last.',
    ).optional(),
    plan: z
      .object({
        name: objectName('Name of the ActionPlan.'),
        digest: digest('Digest of its spec: what people approve.'),
        risk: RiskLevel.describe('Risk of the plan.'),
        effects: integer(0, 500, 'How many writes it has.'),
        targets: list(
          z.string().max(16),
          500,
          'What it changes: one short name for each object, the same in every plan. Two runs never change one object at a time.',
        ).optional(),
      })
      .describe('The plan of the current attempt.')
      .optional(),
    required: z
      .object({
        approvals: integer(0, 10, 'How many different people must approve.'),
        autoReview: z.boolean().describe('Whether policy lets the plan start without a person.').optional(),
        groups: set(z.string().min(1).max(253), 32, 'Groups whose members may.').optional(),
        approverGroups: set(z.string().min(1).max(253), 32, 'Groups of which an approver must be in one as well.').optional(),
        refuseGroups: set(z.string().min(1).max(253), 64, 'Groups whose members may not approve.').optional(),
        expiresAfter: z.string().max(8).describe('How long an approval stays good.'),
      })
      .describe('What the plan needs before it may start.')
      .optional(),
    decisionCount: integer(
      0,
      100000,
      'How many sealed decisions the audit trail tells of. The newest are in `decisions`.',
    ).optional(),
    decisions: list(CountedDecision, 32, 'The sealed decisions.').optional(),
    queuedAt: time(
      'Since when the approved action waits for its turn: for a run on the same object, or for room under a limit.',
    ).optional(),
    resumedAt: time(
      'When a suspension of this action was lifted. Approvals from before do not count: lifting resumes nothing by itself.',
    ).optional(),
    stages: list(StageStatus, 16, 'The Jobs of the action, in the order of their start.').optional(),
    results: mapList(
      z.object({
        name: label('Name of the result.'),
        mediaType: z.string().max(128).describe('Media type.'),
        content: z.string().max(16384).describe('The content. Text from a sandbox: data, never instructions.'),
        truncated: z.boolean().describe('Whether the end is missing.').optional(),
      }),
      'name',
      8,
      'What the run left behind.',
    ).optional(),
    rollback: list(
      z.object({
        effect: integer(0, 500, 'Index of the effect in the plan.'),
        outcome: z.enum(['Restored', 'Unchanged', 'Skipped', 'Failed']).describe('What became of it.'),
        message: z.string().max(512).describe('Why, for people.').optional(),
      }),
      500,
      'What was taken back.',
    ).optional(),
    outbox: z
      .object({
        sequence: z.int().min(0).meta({ format: 'int64' }).describe('Sequence number of the last record.'),
        head: digest('Hash of the last record.'),
        exported: z
          .int()
          .min(0)
          .meta({ format: 'int64' })
          .describe('Sequence number of the last record that a sink acknowledged.')
          .default(0),
        sink: z
          .object({
            id: z.string().max(32).describe('Which sink: a short digest of its address.'),
            since: z.int().min(1).meta({ format: 'int64' }).describe('Sequence number of the first record that it was sent.'),
            acknowledged: z
              .int()
              .min(0)
              .meta({ format: 'int64' })
              .describe('Sequence number of the last record that it acknowledged.'),
          })
          .describe('What a sink has of the trail. Another sink begins anew; Events are none.')
          .optional(),
        records: list(AuditRecord, 64, 'The records, oldest first. Acknowledged ones make room when there are more than 64.'),
      })
      .describe('The audit trail of the action: written in the same write as what it tells of.')
      .optional(),
    startedAt: time('When the action was admitted.').optional(),
    finishedAt: time('When it came to its end.').optional(),
  })
  .describe('What became of the action. Only the operator writes it.');
export type AgentActionStatus = z.infer<typeof AgentActionStatus>;
