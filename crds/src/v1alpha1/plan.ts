import { z } from 'zod';
import { copied, digest, integer, label, list, objectName, RiskLevel, rules, text, uid } from './fields.ts';
import { PlaybookSpec } from './playbook.ts';

/** How many parts a plan has at most. */
export const PARTS_MAX = 32;

const partNumber = (description: string) => integer(1, PARTS_MAX, description);

/** The fields of a change whose values have at most `value` characters, and whose line differences have at most `lines`. */
const fieldChange = (value: number, lines: number) => ({
  path: z.string().max(1024).describe('JSON pointer to the field.'),
  before: z.string().max(value).describe('JSON of the value before; left out when there was none.').optional(),
  after: z.string().max(value).describe('JSON of the value afterwards; left out when the field is removed.').optional(),
  lines: z
    .string()
    .max(lines)
    .describe(
      'In place of `before` and `after` for a long value: every line that changes, with the lines around it, as a unified diff. A row that starts with a backslash says that the row before it does not end its line.',
    )
    .optional(),
  format: z
    .enum(['Text', 'JSON'])
    .describe("What `lines` are made of: 'Text' is a string as it is, 'JSON' another value as indented JSON.")
    .optional(),
  volatile: z
    .enum(['Time'])
    .describe("The value differs each time: 'Time' is a time near that of the request. Any value of this type matches, no other.")
    .optional(),
  redacted: z.boolean().describe('Whether the values are hidden here. The digest of the change covers them.').optional(),
  repeats: z
    .boolean()
    .describe(
      'In place of values, for the annotation in which `kubectl apply` keeps a copy of the object: whether each field that changes in it is as in the object itself. The gateway has compared them. Fields that are not are listed as fields below the annotation.',
    )
    .optional(),
  cut: z
    .boolean()
    .describe(
      'Whether a part of the change is shown nowhere, because it is too large. It raises the risk, and a person must decide.',
    )
    .optional(),
});

/** A field of an object before and after a request, as JSON text. */
export const FieldChange = z
  .object({
    ...fieldChange(2048, 8192),
    part: partNumber(
      'The ActionPlanPart in which the whole change of this field begins. What is said here is its beginning.',
    ).optional(),
  })
  .describe('One field that changes.');
export type FieldChange = z.infer<typeof FieldChange>;

/** How many characters one value in a part of a plan has at most. A longer one continues in the next entry. */
export const PIECE_MAX = 400_000;

export const ActionPlanPartSpec = z
  .object({
    number: partNumber('Which part of the plan this is.'),
    changes: list(
      z
        .object({
          effect: integer(0, 499, 'Index of the effect in the plan, from 0.'),
          field: integer(0, 1000000, 'Position of the field among those that the effect changes.'),
          ...fieldChange(PIECE_MAX, PIECE_MAX),
        })
        .describe('One field that changes. Entries of one effect and one field are pieces of one change, in order.'),
      20000,
      'The changes, in the order of the plan.',
    ),
  })
  .describe('Changes of an ActionPlan that have no room in it. The plan names the digest of this.');
export type ActionPlanPartSpec = z.infer<typeof ActionPlanPartSpec>;

const Pods = z
  .object({
    before: integer(0, 1000000, 'How many there are before the write, or are wanted.'),
    after: integer(0, 1000000, 'How many are wanted afterwards.'),
    labels: list(z.string().max(400), 64, 'Their labels, as key=value; left out when they are not known.').optional(),
  })
  .describe('The pods behind an object: of a workload those that it keeps, of a pod itself.');

const DependantKind = z
  .object({
    apiGroup: z.string().max(253).describe("API group; '' is the core group."),
    resource: z.string().max(253).describe('Resource.'),
    kind: z.string().max(63).describe('Kind.'),
    count: integer(1, 1000000, 'How many of them are deleted.'),
    names: list(
      z.string().max(510),
      16,
      "Their names, as far as there is room; 'NAMESPACE/NAME' where they are in another namespace than the owner.",
    ).optional(),
  })
  .describe('Dependants of one kind.');
export type DependantKind = z.infer<typeof DependantKind>;

const Deletion = z.object({
  propagation: z
    .enum(['Background', 'Foreground', 'Orphan'])
    .describe(
      "What becomes of objects that name this one as their owner. 'Background': they are deleted after it. 'Foreground': before it. 'Orphan': they stay.",
    ),
  isDefault: z.boolean().describe('Whether the request says nothing of it, and the API server decides so.').optional(),
  gracePeriodSeconds: z
    .int()
    .meta({ format: 'int64' })
    .describe('The grace period that the request sets, in seconds. 0 deletes at once, without waiting for the programs to end.')
    .optional(),
  dependants: list(
    DependantKind,
    32,
    'What is deleted with it because the object is its owner, directly or not, as found in the rehearsal.',
  ).optional(),
  incomplete: text(
    512,
    'Why there may be dependants that were not found. It raises the risk, and a person must decide.',
  ).optional(),
});

export const Effect = z
  .object({
    index: integer(0, 499, 'Position among the writes, from 0. People count from 1: one more.'),
    verb: z.enum(['create', 'update', 'patch', 'delete']).describe('Verb of the request.'),
    apiGroup: z.string().max(253).describe("API group; '' is the core group."),
    version: z.string().max(63).describe('API version.'),
    resource: z.string().max(253).describe("Resource, with its subresource: 'deployments' or 'deployments/scale'."),
    kind: z.string().max(63).describe('Kind of the object.'),
    namespace: z.string().max(63).describe('Namespace; left out for cluster-scoped objects.').optional(),
    name: z.string().max(253).describe('Name of the object.'),
    uid: uid('Uid of the object that is changed; left out for one that is created.').optional(),
    change: list(FieldChange, 64, 'The fields that change; at most 64 are listed here.').optional(),
    more: z
      .object({
        fields: integer(1, 1000000, 'How many.'),
        part: partNumber('The ActionPlanPart in which the first of them is.'),
      })
      .describe('The fields that change and are listed in parts of the plan alone.')
      .optional(),
    hiddenChanges: integer(0, 1000000, 'How many changed fields are shown nowhere, or not in full.').optional(),
    changeDigest: digest(
      'Digest of the whole change, volatile values replaced by their type. The real run must produce exactly this.',
    ),
    origin: z.enum(['Observed', 'Declared']).describe("'Observed': the gateway saw it. 'Declared': the Playbook says so."),
    reversible: z
      .boolean()
      .describe('Whether the pre-image can be restored: the account may do it, and no field changes that cannot be put back.'),
    deletesData: text(512, 'Why data is deleted because of this write, which is no delete.').optional(),
    deletion: Deletion.describe('What a delete does beside removing the object.').optional(),
    pods: Pods.describe('The pods behind the object, as the gateway saw them; left out when it keeps none.').optional(),
    notes: list(text(512, 'A note.'), 8, 'What the rehearsal cannot know of this effect.').optional(),
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
    onBehalfOf: z.string().max(253).describe('The person for whom the agent says that it acts.').optional(),
    playbook: z
      .object({
        name: objectName('Name.'),
        digest: digest('Digest of the spec.'),
        adHoc: z.boolean().describe('Whether there is no Playbook, and the steps are those of the action.').optional(),
        spec: PlaybookSpec.meta(copied)
          .describe(
            'The spec of the Playbook as it was rehearsed, see Playbook.spec. The run, its verification, its results and its rollback use this copy, whatever becomes of the Playbook. It is the text that the Playbook holds, without values of parameters; what policies hide in `steps` and `verify` is not hidden here, because whoever reads the Playbook reads it there. Left out for steps of the action itself, and for a Playbook of more than 256 KiB.',
          )
          .optional(),
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
    parts: list(
      digest('Digest of the spec of a part.'),
      PARTS_MAX,
      "Digests of the ActionPlanParts that hold what has no room here, in order. The part with the number N of the plan P has the name 'P-part-N'. Who decides needs them all.",
    ).optional(),
    notShownHere: z
      .object({
        parts: partNumber('In how many ActionPlanParts the rest is.'),
        message: text(1024, 'How to see all of the plan.'),
      })
      .describe('Says that this object does not show every change. Left out where it does.')
      .optional(),
    notObservable: list(text(512, 'A gap.'), 16, 'What a rehearsal cannot know.').optional(),
    risk: z
      .object({
        level: RiskLevel.describe('The risk: what the score comes to, or the highest level of a part if that is higher.'),
        score: integer(0, 1000000, 'The sum of the points of all parts.'),
        parts: list(RiskPart, 64, 'Where it comes from.'),
      })
      .describe('The risk of the plan, from fixed rules.'),
    rollback: z
      .object({
        from: z
          .enum(['PreImages', 'None'])
          .describe("Where the rollback comes from. 'None' also when no change of the plan can be restored."),
        reason: z.string().max(512).describe('Why there is none.').optional(),
        irreversible: list(text(512, 'An effect.'), 32, 'The changes that cannot be restored.').optional(),
      })
      .describe('The rollback, for when the run or its verification fails.'),
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
