import { z } from 'zod';
import { PlannedRollback } from './action.ts';
import { copied, digest, integer, label, list, objectName, RiskLevel, reasonsRequired, rules, text, uid } from './fields.ts';
import { Amends } from './plan/amends.ts';
import { PlaybookSpec } from './playbook.ts';

export { AMENDMENTS_MAX } from './plan/amends.ts';

/** How many parts a plan has at most. */
export const PARTS_MAX = 32;

const partNumber = (description: string) => integer(1, PARTS_MAX, description);

/** The fields of a change whose values have at most `value` characters, and whose line differences have at most `lines`. */
const fieldChange = (value: number, lines: number) => ({
  path: z.string().max(1024).describe('JSON pointer to the field.'),
  before: z.string().max(value).describe('JSON of the value before; left out when the field was not set.').optional(),
  after: z.string().max(value).describe('JSON of the value afterwards; left out when the field is removed.').optional(),
  lines: z
    .string()
    .max(lines)
    .describe(
      'In place of `before` and `after` for a long value: every line that changes, with the lines around it, as a unified diff. A row that starts with a backslash means that the row before it has no line end.',
    )
    .optional(),
  format: z
    .enum(['Text', 'JSON'])
    .describe("The format of `lines`: 'Text' is an unchanged string, 'JSON' any other value as indented JSON.")
    .optional(),
  volatile: z
    .enum(['Time'])
    .describe(
      "The value differs in each run: 'Time' is a time close to that of the request. Any value of this type matches, and no other.",
    )
    .optional(),
  redacted: z.boolean().describe('Whether the values are hidden here. The digest of the change covers them.').optional(),
  repeats: z
    .boolean()
    .describe(
      'Instead of values, for the annotation in which `kubectl apply` keeps a copy of the object: whether each field that changes in the copy has the same value in the object. The gateway has compared them. Fields that differ are listed as fields below the annotation.',
    )
    .optional(),
  cut: z
    .boolean()
    .describe(
      'Whether a part of the change is not shown anywhere, because it is too large. This raises the risk, and a person must approve.',
    )
    .optional(),
});

/** A field of an object before and after a request, as JSON text. */
export const FieldChange = z
  .object({
    ...fieldChange(2048, 8192),
    part: partNumber(
      'The ActionPlanPart in which the complete change of this field begins. Only its beginning is shown here.',
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
  .describe('Changes that do not fit into an ActionPlan. The plan contains the digest of this spec.');
export type ActionPlanPartSpec = z.infer<typeof ActionPlanPartSpec>;

const Pods = z
  .object({
    before: integer(0, 1000000, 'The number of pods before the write, or the wanted number.'),
    after: integer(0, 1000000, 'The wanted number of pods after the write.'),
    labels: list(z.string().max(400), 64, 'Their labels, as key=value; left out when they are not known.').optional(),
  })
  .describe('The pods of an object: the pods of a workload, or the pod itself.');

const DependantKind = z
  .object({
    apiGroup: z.string().max(253).describe("API group; '' is the core group."),
    resource: z.string().max(253).describe('Resource.'),
    kind: z.string().max(63).describe('Kind.'),
    count: integer(1, 1000000, 'How many of them are deleted.'),
    names: list(
      z.string().max(510),
      16,
      "Their names, as many as fit; 'NAMESPACE/NAME' if they are in another namespace than the owner.",
    ).optional(),
  })
  .describe('Dependants of one kind.');
export type DependantKind = z.infer<typeof DependantKind>;

const Deletion = z.object({
  propagation: z
    .enum(['Background', 'Foreground', 'Orphan'])
    .describe(
      "What happens to objects that name this one as their owner. 'Background': they are deleted after it. 'Foreground': before it. 'Orphan': they stay.",
    ),
  isDefault: z
    .boolean()
    .describe('Whether the request does not set it, so that this is the default of the API server.')
    .optional(),
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
    'Why there may be dependants that were not found. This raises the risk, and a person must approve.',
  ).optional(),
});

export const Effect = z
  .object({
    index: integer(0, 499, 'Position among the writes, from 0. The number that people see is one higher.'),
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
      .describe('The changed fields that are listed only in parts of the plan.')
      .optional(),
    hiddenChanges: integer(0, 1000000, 'How many changed fields are not shown, or not in full.').optional(),
    changeDigest: digest(
      'Digest of the complete change, with volatile values replaced by their type. The real run must make exactly this change.',
    ),
    origin: z
      .enum(['Observed', 'Declared'])
      .describe("'Observed': the gateway saw the write. 'Declared': only the Playbook declares it."),
    reversible: z
      .boolean()
      .describe(
        'Whether the pre-image can be restored: the account has the rights for it, and no field changes that cannot be restored.',
      ),
    deletesData: text(512, 'Why data is deleted because of this write, which is not a delete.').optional(),
    deletion: Deletion.describe('What a delete does in addition to removing the object.').optional(),
    pods: Pods.describe('The pods of the object, as the gateway saw them; left out if the object has no pods.').optional(),
    notes: list(text(512, 'A note.'), 8, 'What the rehearsal could not determine about this effect.').optional(),
  })
  .describe('One write.');
export type Effect = z.infer<typeof Effect>;

const RiskPart = z.object({
  rule: z.string().max(64).describe('Name of the rule; docs/risk.md explains each.'),
  points: integer(0, 1000000, 'Points that it adds to the score.'),
  level: RiskLevel.describe('The lowest level that the risk can have because of it, for any score.').optional(),
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
    onBehalfOf: z.string().max(253).describe('The person on whose behalf the agent claims to act.').optional(),
    playbook: z
      .object({
        name: objectName('Name.'),
        digest: digest('Digest of the spec.'),
        adHoc: z.boolean().describe('Whether the action has ad-hoc steps and no Playbook.').optional(),
        spec: PlaybookSpec.meta(copied)
          .describe(
            'The spec of the Playbook as it was rehearsed, see Playbook.spec. The run, its verification, its results and its rollback use this copy, even if the Playbook is changed or deleted. It contains the text of the Playbook, without values of parameters. Values that policies hide in `steps` and `verify` are not hidden here, because everyone who can read the Playbook can read them there. Left out for ad-hoc steps, and for a Playbook of more than 256 KiB.',
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
      .describe('The recording of the rehearsal by the gateway. In the real run the gateway compares the plan with it.')
      .optional(),
    environment: z.string().max(63).describe('The environment.').optional(),
    template: digest('Digest of the pod template of the real run.'),
    says: z
      .object({
        summary: text(512, 'What the agent declared.'),
        expect: z.string().max(1024).describe('What the Playbook expects.').optional(),
      })
      .describe('What was declared. What was observed is in `effects`.'),
    rollbackOf: PlannedRollback.optional(),
    amends: Amends.optional(),
    undeclared: list(text(512, 'A difference.'), 16, 'Observed effects that were not declared.').optional(),
    steps: list(PlannedStep, 16, 'The commands.'),
    verify: list(PlannedStep, 8, 'The commands that check the outcome.').optional(),
    effects: list(Effect, 500, 'Every write, in order.'),
    parts: list(
      digest('Digest of the spec of a part.'),
      PARTS_MAX,
      "Digests of the ActionPlanParts that hold the changes that do not fit here, in order. The part with the number N of the plan P has the name 'P-part-N'. All of them are needed to decide.",
    ).optional(),
    notShownHere: z
      .object({
        parts: partNumber('How many ActionPlanParts hold the rest.'),
        message: text(1024, 'How to see all of the plan.'),
      })
      .describe('Set if this object does not show every change.')
      .optional(),
    notObservable: list(text(512, 'A gap.'), 16, 'What a rehearsal cannot observe.').optional(),
    risk: z
      .object({
        level: RiskLevel.describe('The risk level: that of the score, or the highest level of a part if that is higher.'),
        score: integer(0, 1000000, 'The sum of the points of all parts.'),
        parts: list(RiskPart, 64, 'The parts that add up to the score.'),
      })
      .describe('The risk of the plan, from fixed rules.'),
    rollback: z
      .object({
        from: z
          .enum(['PreImages', 'None'])
          .describe("The source of the rollback. 'None' also when no change of the plan can be restored."),
        reason: z.string().max(512).describe('Why rollback is not available.').optional(),
        irreversible: list(text(512, 'An effect.'), 32, 'The changes that cannot be restored.').optional(),
      })
      .describe('The rollback, used if the run or its verification fails.'),
    permissions: list(text(512, 'A permission.'), 64, 'Requests to the Kubernetes API that the run needs.').optional(),
    required: z
      .object({
        approvals: integer(0, 10, 'How many different people must approve.'),
        autoReview: z.boolean().describe('Whether policy lets the plan start without a person.').optional(),
        personBecause: list(
          text(512, 'A reason.'),
          16,
          'Why a person must approve although a policy would let a plan of this risk start without approval.',
        ).optional(),
        groups: list(z.string().min(1).max(253), 32, 'Groups whose members may approve.').optional(),
        approverGroups: list(
          z.string().min(1).max(253),
          32,
          'Groups; an approver must also be a member of one of them.',
        ).optional(),
        refuseGroups: list(z.string().min(1).max(253), 64, 'Groups whose members may not approve.').optional(),
        expiresAfter: z.string().max(8).describe('How long an approval stays good.'),
        standing: z.string().max(8).describe('How long a standing approval may be; left out if none counts.').optional(),
        reasons: reasonsRequired.optional(),
      })
      .describe(
        'What policy requires for this plan. The digest covers these requirements and not the text of the policies, so an edit of a policy that does not change them needs no second review.',
      ),
    durationSeconds: integer(1, 604800, 'How long the real run may take, in seconds.'),
  })
  .meta(rules({ rule: 'self == oldSelf', message: 'a plan must not change: a new rehearsal makes a new plan' }))
  .describe('The result of a rehearsal.');
export type ActionPlanSpec = z.infer<typeof ActionPlanSpec>;
