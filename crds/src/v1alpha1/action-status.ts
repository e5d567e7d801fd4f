import { z } from 'zod';
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
  reasonsRequired,
  rules,
  set,
  text,
  time,
  uid,
} from './fields.ts';
import { keepsRecords, Outbox } from './outbox.ts';
import { STANDING_KEPT, StandingApproval } from './playbook/standing.ts';
import { effectIndex, Resolved, UnknownEffect } from './resolution.ts';

/** The stages that have a Job of their own. */
export const Stage = z.enum(['rehearsal', 'run', 'verification']);
export type Stage = z.infer<typeof Stage>;

const StepResult = z.object({
  name: label('Name of the step.'),
  exitCode: z.int().min(-1).max(255).meta({ format: 'int32' }).describe('Exit code of the step; -1 when it never finished.'),
  reason: z.string().max(128).describe('Reason for the end of the container, from the kubelet.').optional(),
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
    evidence: digest(
      'Digest of the logs and results of this stage in the evidence store. Left out if there is no store, or if it did not take them.',
    ).optional(),
    evidenceMissing: z
      .string()
      .max(512)
      .describe(
        'What the evidence store does not have of this stage, and why. Left out if nothing is missing, or if there is no store.',
      )
      .optional(),
  })
  .describe('One Job of the action.');
export type StageStatus = z.infer<typeof StageStatus>;

const CountedDecision = z
  .object({
    user: z.string().max(512).describe('Who decided.'),
    decision: z
      .enum(['approve', 'reject', 'revoke', 'request-changes', 'accept', 'redo', 'roll-back'])
      .describe('What was decided.'),
    effect: effectIndex().describe('The effect that a resolution is about: its index in the plan, from 0.').optional(),
    time: time('When.'),
    expires: time('When the approval stops being good.').optional(),
    plan: digest('The plan that was decided on.'),
    exemptBy: z
      .string()
      .max(512)
      .describe('The policy by which it counts although the person could act as a requester.')
      .optional(),
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
      'The ancestors of this action, from the root to its parent.',
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
        change: z
          .string()
          .max(1024)
          .describe(
            'Short summary of the changes: the first write, and the number of the others. Invisible characters are escaped.',
          )
          .optional(),
        targets: list(
          z.string().max(16),
          500,
          'The objects that it changes: one short name for each object, the same in every plan. Two runs never change one object at the same time.',
        ).optional(),
      })
      .describe('The plan of the current attempt.')
      .optional(),
    previousPlan: z
      .object({
        name: objectName('Name of the ActionPlan.'),
        digest: digest('Digest of its spec.'),
      })
      .describe('The plan before the last edit of the action, or the one that it amends: what the current plan is compared with.')
      .optional(),
    amendment: z
      .object({
        offered: z.boolean().describe('Whether an action that amends this one can be created.'),
        refused: text(512, 'The write that was refused.'),
        reason: text(1024, 'Why no amendment is offered.').optional(),
      })
      .describe('Whether a new plan with the refused write can be proposed: `kubectl sentinel amend`. Set if a run was blocked.')
      .optional(),
    required: z
      .object({
        approvals: integer(0, 10, 'How many different people must approve.'),
        autoReview: z.boolean().describe('Whether policy lets the plan start without a person.').optional(),
        groups: set(z.string().min(1).max(253), 32, 'Groups whose members may approve.').optional(),
        approverGroups: set(
          z.string().min(1).max(253),
          32,
          'Groups; an approver must also be a member of one of them.',
        ).optional(),
        refuseGroups: set(z.string().min(1).max(253), 64, 'Groups whose members may not approve.').optional(),
        expiresAfter: z.string().max(8).describe('How long an approval stays good.'),
        standing: z.string().max(8).describe('How long a standing approval may be; left out if none counts.').optional(),
        reasons: reasonsRequired.optional(),
        unmet: z.string().max(1024).describe('Why nobody in the cluster can approve. Left out if somebody can.').optional(),
      })
      .describe('What the plan needs before it may start.')
      .optional(),
    decisionCount: integer(
      0,
      100000,
      'How many sealed decisions the audit trail reports. The newest are in `decisions`.',
    ).optional(),
    decisions: list(CountedDecision, 32, 'The sealed decisions.').optional(),
    standingApprovals: list(
      StandingApproval,
      STANDING_KEPT,
      'The standing approvals of the schedule that filed the action, from its Playbook.',
    ).optional(),
    queuedAt: time('Since when the approved action waits for another run on the same object, or for a limit.').optional(),
    resumedAt: time(
      'When the kill switch that held this action was turned off. Earlier approvals no longer count, so turning it off resumes nothing.',
    ).optional(),
    suspension: list(
      z.object({
        policy: z.string().max(320).describe('The policy whose kill switch is on, as Kind/name.'),
        by: z.string().max(512).describe('Who turned it on, as admission recorded it.').optional(),
        since: time('When.').optional(),
      }),
      8,
      'What holds the action while it is suspended.',
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
      'The files that the run wrote as its results.',
    ).optional(),
    unknownEffects: list(
      UnknownEffect,
      32,
      'The effects whose outcome is not known. A person resolves each: `kubectl sentinel reconcile`.',
    ).optional(),
    resolutions: list(Resolved, 64, 'What happened to the resolutions, the newest last.').optional(),
    rollback: list(
      z.object({
        effect: effectIndex(),
        outcome: z.enum(['Restored', 'Unchanged', 'Skipped', 'Failed']).describe('What happened to it.'),
        message: z.string().max(512).describe('Why, for people.').optional(),
      }),
      500,
      'What was rolled back.',
    ).optional(),
    rolledBackBy: z
      .object({ name: objectName('Name of the action.'), uid: uid('Its uid.') })
      .describe('The later action that rolled the changes of this one back (`spec.rollbackOf`).')
      .optional(),
    outbox: Outbox.optional(),
    shortened: list(
      z.string().max(64),
      8,
      'Parts of this status that were cut or left out because the action would have been too large to be stored.',
    ).optional(),
    startedAt: time('When the action was admitted.').optional(),
    finishedAt: time('When it ended.').optional(),
  })
  .meta(rules(...keepsRecords))
  .describe('What happened to the action. Only the operator writes it.');
export type AgentActionStatus = z.infer<typeof AgentActionStatus>;
