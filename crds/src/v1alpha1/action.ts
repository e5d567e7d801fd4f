import { z } from 'zod';
import { integer, label, list, mapList, objectName, parameterValues, rules, set, text, uid, unsupported } from './fields.ts';

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
      .describe('The tool call that created this action.')
      .optional(),
    parentAction: objectName(
      'The parent action: an action of the same requester in the same namespace. Everything that holds or ends the parent also holds or ends this one, and both count against the same limits.',
    ).optional(),
    references: list(z.string().min(1).max(1024), 16, 'Tickets, alerts, commits: where to read more.').optional(),
    traceparent: z
      .string()
      .max(55)
      .regex(/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/)
      .describe('W3C trace context of the agent, so that its trace and that of the action are linked.')
      .optional(),
  })
  .describe('What the agent says: data for people and for the audit trail. Nothing in it can loosen a decision.');

const OwnStep = z.object({
  name: label('Name of the step, once in the action.'),
  command: list(z.string().max(4096), 64, 'The command and its arguments: argv, never a line for a shell.').min(1),
});

export const AgentActionSpec = z
  .object({
    intent: Intent,
    onBehalfOf: z
      .object({
        user: text(253, 'The user name of the person, as the API server authenticates them.'),
        authors: set(
          z.string().min(1).max(253),
          16,
          'Further people who count as requesters. An action of a schedule names everyone who wrote its Playbook.',
        ).optional(),
      })
      .describe(
        'The person who prompted the agent. It is a claim of the agent, so it can only tighten: that person counts as requester and cannot approve.',
      )
      .optional(),
    playbookRef: z
      .object({ name: objectName('Name of the Playbook, in the same namespace.') })
      .describe('The Playbook to run.')
      .optional(),
    parameters: parameterValues('Values for the parameters of the Playbook.').optional(),
    steps: mapList(OwnStep, 'name', 16, 'Ad-hoc steps, instead of a Playbook. Policies must allow them (`playbooks.adHocSteps`).')
      .min(1)
      .optional(),
    verify: mapList(OwnStep, 'name', 8, 'Commands that check the outcome of `steps`. They may only read.').optional(),
    rollbackOf: z
      .object({
        name: objectName('Name of the action, in the same namespace.'),
        uid: uid('Its uid: another action of the same name is not rolled back.'),
      })
      .describe(
        'Undoes an ended action, instead of running a Playbook. The plan is the inverse of what that action changed, field by field, from the pre-images that the gateway keeps as long as that action exists. Fields that somebody changed since, and deleted objects, are left as they are, and the plan says so. Needs `account`: `kubectl sentinel rollback` fills it in.',
      )
      .optional(),
    account: label(
      'The account that `steps` run as; for `rollbackOf` the account of that action (`status.account`). The requester of the action needs the verb `use` on it.',
    ).optional(),
    image: z.string().min(1).max(512).describe('Image that `steps` run in, by digest unless it is your own image.').optional(),
    amends: z
      .object({
        name: objectName('Name of the action, in the same namespace.'),
        uid: uid('Its uid: another action of the same name is not amended.'),
      })
      .describe(
        'An action whose run was blocked, and that offers an amendment (`status.amendment`). This action does the same work again, from the start: what it runs, its parameters and its target must be those of that action, and so must its requester. Its plan has the write that was refused as well, and a person must approve it. `kubectl sentinel amend` creates such an action.',
      )
      .optional(),
    issue: z
      .object({ summary: text(1024, 'What is wrong.') })
      .meta(unsupported)
      .describe('An issue that is matched against the Playbooks.')
      .optional(),
    target: z
      .object({
        environment: label(
          'The environment that the agent intends to change. A claim that differs from the label of the namespace is refused.',
        ).optional(),
        namespaces: set(
          label('Name of a namespace.'),
          16,
          'Namespaces that the action changes. A change in any other namespace is shown as undeclared. When left out, the namespace of the action.',
        ).optional(),
        repositories: set(
          z.string().min(1).max(512),
          16,
          'Repositories that the action uses or changes, such as github.com/acme/shop. Policies evaluate each of them.',
        ).optional(),
      })
      .describe('What the agent intends to change: claims, which are compared with facts.')
      .optional(),
    mode: z.enum(['Apply', 'DryRun']).describe("'DryRun' ends with the plan; nobody is asked to approve.").default('Apply'),
    cancelled: z.boolean().describe('Set to true to end the action in any state. It cannot be set back to false.').default(false),
    cancelComment: text(
      1024,
      'Why the action is cancelled; set in the same update as `cancelled: true`. The annotation sentinel.dev/cancelled-by names the person.',
    ).optional(),
  })
  .meta(
    rules(
      {
        rule: '[has(self.playbookRef), has(self.steps), has(self.rollbackOf)].exists_one(given, given)',
        message:
          'exactly one is required: `playbookRef` (the Playbook to run), `steps` (what to do), or `rollbackOf` (the action to undo)',
        reason: 'FieldValueRequired',
      },
      {
        rule: '!has(self.steps) || (has(self.account) && has(self.image))',
        message: '`steps` need the `account` that they run as and the `image` that they run in',
        reason: 'FieldValueRequired',
      },
      {
        rule: '!has(self.rollbackOf) || has(self.account)',
        message: '`rollbackOf` needs the `account` of the action that is undone: its `status.account`',
        reason: 'FieldValueRequired',
      },
      {
        rule: 'has(self.steps) || !(has(self.verify) || has(self.image))',
        message: '`verify` and `image` go with `steps`',
        reason: 'FieldValueForbidden',
      },
      {
        rule: '!has(self.playbookRef) || !has(self.account)',
        message: '`account` goes with `steps` or `rollbackOf`: a Playbook brings its own',
        reason: 'FieldValueForbidden',
      },
      {
        rule: 'has(self.playbookRef) || !has(self.parameters)',
        message: '`parameters` are those of a Playbook',
        reason: 'FieldValueForbidden',
      },
      {
        rule: "!has(self.amends) || self.mode == 'Apply'",
        message: '`amends` is for actions that run: `mode` must be Apply',
        reason: 'FieldValueForbidden',
      },
      { rule: '!oldSelf.cancelled || self.cancelled', message: '`cancelled` must stay true once it is' },
      { rule: '!has(self.cancelComment) || self.cancelled', message: '`cancelComment` must come with `cancelled: true`' },
      {
        rule: '!oldSelf.cancelled || (has(self.cancelComment) == has(oldSelf.cancelComment) && (!has(self.cancelComment) || self.cancelComment == oldSelf.cancelComment))',
        message: '`cancelComment` must be said in the update that cancels, and stays as it is',
      },
    ),
  )
  .describe('What an agent asks for.');
export type AgentActionSpec = z.infer<typeof AgentActionSpec>;

export const PlannedRollback = z
  .object({
    name: objectName('Name of the action.'),
    uid: uid('Its uid.'),
    undoes: list(
      integer(0, 499, 'The index of an effect of that action, from 0.'),
      500,
      'Which effect of that action each effect of this plan undoes, in the order of `effects`.',
    ),
    unchanged: list(
      integer(0, 499, 'The index of an effect of that action, from 0.'),
      500,
      'Effects of that action of which nothing is to undo: the objects are as they were before already.',
    ).optional(),
    left: list(
      z.object({
        effect: integer(0, 499, 'The index of the effect of that action, from 0.'),
        object: text(512, 'What that effect did, and to which object.'),
        path: text(1024, 'The field that is left; left out where it is the whole effect.').optional(),
        why: text(512, 'Why it is left as it is.'),
      }),
      128,
      'What of that action is not undone: fields that others changed since, deleted objects.',
    ).optional(),
  })
  .describe('The action that this plan undoes. Set for an action with `rollbackOf`.');
/** What a plan undoes of another action. */
export type PlannedRollback = z.infer<typeof PlannedRollback>;
