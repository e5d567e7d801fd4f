import { z } from 'zod';
import { digest, integer, label, list, objectName, RiskLevel, rules, text, uid } from './fields.ts';

/** A field of an object before and after a request, as JSON text. */
export const FieldChange = z
  .object({
    path: z.string().max(1024).describe('JSON pointer to the field.'),
    before: z.string().max(2048).describe('JSON of the value before; left out when there was none.').optional(),
    after: z.string().max(2048).describe('JSON of the value afterwards; left out when the field is removed.').optional(),
    volatile: z
      .enum(['Time'])
      .describe(
        "The value differs each time: 'Time' is a time near that of the request. Any value of this type matches, no other.",
      )
      .optional(),
    redacted: z.boolean().describe('Whether the values are hidden here. The digest of the change covers them.').optional(),
  })
  .describe('One field that changes.');
export type FieldChange = z.infer<typeof FieldChange>;

const Pods = z
  .object({
    before: integer(0, 1000000, 'How many there are before the write, or are wanted.'),
    after: integer(0, 1000000, 'How many are wanted afterwards.'),
    labels: list(z.string().max(400), 64, 'Their labels, as key=value; left out when they are not known.').optional(),
  })
  .describe('The pods behind an object: of a workload those that it keeps, of a pod itself.');

export const Effect = z
  .object({
    index: integer(0, 499, 'Position among the writes.'),
    verb: z.enum(['create', 'update', 'patch', 'delete']).describe('Verb of the request.'),
    apiGroup: z.string().max(253).describe("API group; '' is the core group."),
    version: z.string().max(63).describe('API version.'),
    resource: z.string().max(253).describe("Resource, with its subresource: 'deployments' or 'deployments/scale'."),
    kind: z.string().max(63).describe('Kind of the object.'),
    namespace: z.string().max(63).describe('Namespace; left out for cluster-scoped objects.').optional(),
    name: z.string().max(253).describe('Name of the object.'),
    uid: uid('Uid of the object that is changed; left out for one that is created.').optional(),
    change: list(FieldChange, 64, 'The fields that change; at most 64 are shown.').optional(),
    hiddenChanges: integer(0, 1000000, 'How many changed fields are not shown, or not in full.').optional(),
    changeDigest: digest(
      'Digest of the whole change, volatile values replaced by their type. The real run must produce exactly this.',
    ),
    origin: z.enum(['Observed', 'Declared']).describe("'Observed': the gateway saw it. 'Declared': the Playbook says so."),
    reversible: z.boolean().describe('Whether the pre-image restores it.'),
    pods: Pods.describe('The pods behind the object, as the gateway saw them; left out when it keeps none.').optional(),
    notes: list(text(512, 'A note.'), 8, 'What the rehearsal can not know of this effect.').optional(),
  })
  .describe('One write.');
export type Effect = z.infer<typeof Effect>;

const RiskPart = z.object({
  rule: z.string().max(64).describe('Name of the rule; docs/risk.md explains each.'),
  points: integer(0, 1000000, 'What it adds to the score.'),
  level: RiskLevel.describe('The least that the risk is because of it, whatever the score.').optional(),
  message: text(512, 'Why.'),
});
export type RiskPart = z.infer<typeof RiskPart>;

const PlannedStep = z.object({
  name: label('Name of the step.'),
  command: list(z.string().max(4096), 64, 'The command as it runs, parameters filled in.'),
});

export const ActionPlanSpec = z
  .object({
    action: z
      .object({
        name: objectName('Name of the action.'),
        uid: uid('Its uid.'),
        generation: z.int().min(1).meta({ format: 'int64' }).describe('The generation that was rehearsed.'),
      })
      .describe('The action that was rehearsed.'),
    attempt: integer(1, 100, 'Which rehearsal.'),
    requester: z.string().max(512).describe('Who asked.'),
    playbook: z
      .object({
        name: objectName('Name.'),
        digest: digest('Digest of the spec.'),
        adHoc: z.boolean().describe('Whether there is no Playbook, and the steps are those of the action.').optional(),
      })
      .describe('The Playbook that runs.'),
    account: label('The account that it runs as.'),
    recording: z
      .object({
        job: uid('Uid of the Job of the rehearsal.'),
        digest: digest('Digest of what the gateway recorded.'),
      })
      .describe("The gateway's own recording of the rehearsal. In the real run the gateway holds the plan against it.")
      .optional(),
    environment: z.string().max(63).describe('The environment.').optional(),
    template: digest('Digest of the pod template of the real run.'),
    says: z
      .object({
        summary: text(512, 'What the agent announced.'),
        expect: z.string().max(1024).describe('What the Playbook expects.').optional(),
      })
      .describe('What was announced. Beside it stands what was observed: `effects`.'),
    undeclared: list(text(512, 'A difference.'), 16, 'Where what was observed goes beyond what was announced.').optional(),
    steps: list(PlannedStep, 16, 'The commands.'),
    verify: list(PlannedStep, 8, 'The commands that check the outcome.').optional(),
    effects: list(Effect, 500, 'Every write, in order.'),
    notObservable: list(text(512, 'A gap.'), 16, 'What a rehearsal can not know.').optional(),
    risk: z
      .object({
        level: RiskLevel.describe('The risk: what the score comes to, or the highest level of a part if that is higher.'),
        score: integer(0, 1000000, 'The sum of the points of all parts.'),
        parts: list(RiskPart, 64, 'Where it comes from.'),
      })
      .describe('The risk of the plan, from fixed rules.'),
    rollback: z
      .object({
        from: z.enum(['PreImages', 'None']).describe('Where the way back comes from.'),
        reason: z.string().max(512).describe('Why there is none.').optional(),
        irreversible: list(text(512, 'An effect.'), 32, 'What can not be taken back.').optional(),
      })
      .describe('The way back.'),
    permissions: list(text(512, 'A permission.'), 64, 'Requests to the Kubernetes API that the run needs.').optional(),
    required: z
      .object({
        approvals: integer(0, 10, 'How many different people must approve.'),
        autoReview: z.boolean().describe('Whether policy lets the plan start without a person.').optional(),
        personBecause: list(
          text(512, 'A reason.'),
          16,
          'Why a person is needed all the same, where a policy would let a plan of this risk start without one.',
        ).optional(),
        groups: list(z.string().min(1).max(253), 32, 'Groups whose members may.').optional(),
        approverGroups: list(z.string().min(1).max(253), 32, 'Groups of which an approver must be in one as well.').optional(),
        refuseGroups: list(z.string().min(1).max(253), 64, 'Groups whose members may not approve.').optional(),
        expiresAfter: z.string().max(8).describe('How long an approval stays good.'),
      })
      .describe(
        'What policy requires of this plan. The digest covers this, not the text of the policies: a neutral edit of a policy costs no second review.',
      ),
    durationSeconds: integer(1, 604800, 'How long the real run may take, in seconds.'),
  })
  .meta(rules({ rule: 'self == oldSelf', message: 'a plan must not change: a new rehearsal makes a new plan' }))
  .describe('What a rehearsal found.');
export type ActionPlanSpec = z.infer<typeof ActionPlanSpec>;
