import type { ErrorTable } from '@sentinel/crds';

/** Why policy refuses an action, its plan or a request of its run: what the webhook, the operator, the gateway and the CLI judge by. */
export const policyErrors = {
  NamespaceNotEnabled: {
    when: 'The namespace has not opted in, so nothing runs in it.',
    next: 'An admin of the cluster opts it in: `kubectl label namespace NAME sentinel.dev/enabled=true`.',
  },
  ClusterPolicyMissing: {
    when: 'No ClusterAgentPolicy applies to the requester. Without a floor nothing runs.',
    next: 'An admin of the cluster creates one, or adds the requester to `subjects` of one that exists.',
  },
  NamespacePolicyMissing: {
    when: 'No AgentPolicy in the namespace applies to the requester. Without a policy of the namespace nothing runs.',
    next: 'An admin creates one there, or adds the requester to `subjects` of one that exists.',
  },
  PolicyInvalid: {
    when: 'A policy that applies has invalid fields. It is treated as deny-all until it is fixed.',
    next: 'An admin corrects it. Its condition `Ready` names each fault.',
  },
  PoliciesTooLarge: {
    when: 'The AgentPolicies of the namespace are larger together than what is read, so everything is denied.',
    next: 'An admin deletes or shortens some.',
  },
  PolicySuspended: {
    when: 'The kill switch (`suspended`) of a policy that applies is on.',
    next: 'Wait until an admin sets `suspended` to false.',
  },
  EnvironmentMismatch: {
    when: 'The action claims another environment than the label `sentinel.dev/environment` of its namespace says.',
    next: 'Correct `spec.target.environment`, or leave it out.',
  },
  EnvironmentNotAllowed: {
    when: 'A policy does not allow the environment of the namespace (`environments`).',
    next: 'Use a namespace of an environment that the policy allows, or ask an admin to change `environments`.',
  },
  ModeNotAllowed: {
    when: 'A policy does not allow the mode of the action (`modes`).',
    next: 'Create the action with a mode that the policy allows, such as `DryRun`.',
  },
  AdHocStepsNotAllowed: {
    when: 'A policy does not allow ad-hoc steps (`playbooks.adHocSteps`).',
    next: 'Name a Playbook, or ask an admin to change `playbooks.adHocSteps`.',
  },
  PlaybookNotFound: {
    when: 'The Playbook that the action names does not exist in its namespace.',
    next: 'Name one that `kubectl get playbooks` lists.',
  },
  PlaybookNotAllowed: {
    when: 'The Playbook is not in `playbooks.allow` of a policy.',
    next: 'Name a Playbook that the policy allows, or ask an admin to add this one to `playbooks.allow`.',
  },
  PlaybookNotTrusted: {
    when: 'A policy requires trusted Playbooks (`playbooks.trustedOnly`), and the current version of this one is not trusted.',
    next: 'Someone who holds the verb `trust` and did not write it runs `kubectl sentinel trust`.',
  },
  NotScheduled: {
    when: 'The account of schedules files something other than what the schedule of a trusted Playbook files now.',
    next: 'Correct the schedule of the Playbook and have it trusted. To run a Playbook at another time, create an action yourself.',
  },
  ScheduleOverlap: {
    when: 'An action of a schedule is due while an earlier one has not ended, and `schedule.concurrencyPolicy` does not allow both.',
    next: 'Decide on the earlier action, cancel it, or change `schedule.concurrencyPolicy`.',
  },
  PlaybookObservesOnly: {
    when: 'The Playbook is for rehearsals only (`autonomy: Observe`), and the action asks for a real run.',
    next: "Create the action with mode `DryRun`, or ask the Playbook's owner to raise `autonomy`.",
  },
  StepInvalid: {
    when: 'An ad-hoc step of the action is not valid, for example one with a parameter that is not declared.',
    next: 'Correct the step that the message names.',
  },
  ParameterNotDeclared: {
    when: 'The action sets a parameter that the Playbook does not declare.',
    next: 'Remove it, or use one of the parameters that the message lists.',
  },
  ParameterRequired: {
    when: 'A required parameter of the Playbook has no value.',
    next: 'Set it in `spec.parameters`.',
  },
  ParameterInvalid: {
    when: 'The value of a parameter does not match what the Playbook declares: its type, its pattern or its list of values.',
    next: 'Correct the value.',
  },
  CommandDenied: {
    when: 'A rule of a policy denies a command of a step (`commands`).',
    next: 'Remove the command, or ask an admin to change the rule. Where the message says "as it may be read", write the command with literal words, options last.',
  },
  ImageNotAllowed: {
    when: 'A policy does not allow the image of the sandbox, or requires its digest (`images`).',
    next: 'Use an image that the policy allows, by digest where the policy requires one, or ask an admin to change `images`.',
  },
  RepositoryNotAllowed: {
    when: 'A policy does not allow a repository that the action names (`repositories`), or the name is not that of a repository.',
    next: 'Correct `spec.target.repositories`, or ask an admin to change `repositories`.',
  },
  ToolNotAllowed: {
    when: 'A policy does not allow the MCP server or the tool that the action names (`mcpServers`).',
    next: 'Use a server and a tool that the policy allows, with the digest of its tools where the policy pins one, or ask an admin to change `mcpServers`.',
  },
  AccountNotAllowed: {
    when: 'The requester does not hold the verb `use` on the account of the run (`accounts.sentinel.dev`), or this could not be checked.',
    next: 'An admin grants it: `kubectl sentinel account create`, or a RoleBinding.',
  },
  AgentIdentityNotAllowed: {
    when: 'A ClusterAgentPolicy does not accept the identity that creates the action (`identity.agents`): a group or a claim.',
    next: 'Create it with an identity that the policy accepts.',
  },
  OnBehalfOfRequired: {
    when: 'A ClusterAgentPolicy requires that an action names the person for whom the agent acts.',
    next: 'Set `spec.onBehalfOf.user` to the person who prompted it.',
  },
  RollbackSourceNotFound: {
    when: 'The action named in `spec.rollbackOf` does not exist with this uid. The values from before it are kept as long as it exists (`dataHandling.retainFor`).',
    next: 'Undo the changes by hand or with another action; the audit trail of the deleted action names them.',
  },
  RollbackSourceNotEnded: {
    when: 'The action named in `spec.rollbackOf` has not ended.',
    next: 'Cancel it, which rolls it back by itself: `kubectl sentinel cancel`. Or wait until it has ended.',
  },
  RollbackSourceNotRun: {
    when: 'The action named in `spec.rollbackOf` had no real run, or its run changed nothing.',
    next: 'Nothing has to be undone.',
  },
  RollbackSourceIncomplete: {
    when: 'The action named in `spec.rollbackOf` was rolled back in part already, or the outcome of one of its changes is not known.',
    next: 'Look at what its status says of each change, and correct that by hand or with another action.',
  },
  RollbackAlreadyDone: {
    when: 'The action was rolled back already, by itself or by another action.',
    next: 'Nothing has to be undone. To make its changes again, roll back the action that undid it.',
  },
  RollbackInProgress: {
    when: 'Another action that has not ended rolls back the same action.',
    next: 'Decide on that one, or cancel it.',
  },
  RollbackAccountDiffers: {
    when: 'The rollback names another account than the one that the action ran as.',
    next: 'Set `spec.account` to the `status.account` of the action that is rolled back, as `kubectl sentinel rollback` does.',
  },
  ParentNotFound: {
    when: 'The parent action that the action names does not exist in its namespace.',
    next: 'Correct `spec.intent.parentAction`, or leave it out.',
  },
  ParentNotAllowed: {
    when: 'The action cannot be a child of the parent action that it names: the parent has another requester, has ended, is a DryRun, or is a descendant of this action.',
    next: 'Name another parent or none; for a parent that is a DryRun, create the action with mode `DryRun`.',
  },
  DepthExceeded: {
    when: 'The action would have more ancestors than policy allows (`limits.depth`).',
    next: 'Name an ancestor that is nearer to the root in `spec.intent.parentAction`.',
  },
  ChildrenExceeded: {
    when: 'The parent action has as many children as policy allows (`limits.children`; none unless a policy says otherwise).',
    next: 'Create it without a parent, or ask an admin to raise `limits.children`.',
  },
  DailyLimitExceeded: {
    when: 'The requester has created or edited as many actions in 24 hours as policy allows (`limits.perDay`).',
    next: 'Wait, or ask an admin to raise `limits.perDay`.',
  },
  EscalationLimitExceeded: {
    when: 'The requester has submitted as many plans for approval within an hour as policy allows (`limits.escalationsPerHour`).',
    next: 'Wait until the hour is over, or ask an admin to raise `limits.escalationsPerHour`.',
  },
  CoolDownActive: {
    when: 'A run of the Playbook has failed, and the Playbook is in cool-down (`limits.coolDown`).',
    next: 'Find out why it failed, and create the action again after the time that the message names.',
  },
  ObjectLimitExceeded: {
    when: 'The plan, alone or together with the other actions of its lineage, changes more objects than policy allows (`limits.objects`).',
    next: 'Make the plan smaller, or ask an admin to raise `limits.objects`. Child actions count in the same sum.',
  },
  OpenActionsExceeded: {
    when: 'The namespace has as many actions that have not ended as policy allows (`limits.open`).',
    next: 'Wait until some have ended, or cancel those that are not needed any more.',
  },
  StorageExceeded: {
    when: 'What is stored for the actions of the namespace has reached its limit (`limits.storage`), or its share of the total.',
    next: "Delete actions that have ended, or ask an admin to raise `limits.storage` or to set `dataHandling.retainFor`. See 'Storage' in docs/guides/admins.md.",
  },
  UsageNotCounted: {
    when: 'The actions of the namespace cannot be counted now, because the API server cannot be watched.',
    next: 'Try again in some seconds.',
  },
  ResourceProtected: {
    when: 'The request reaches something that no sandbox may touch, whatever policies allow, such as Secrets, RBAC or `exec`.',
    next: 'A person makes the change by hand.',
  },
  ApiRequestDenied: {
    when: 'A rule about the Kubernetes API denies the request, or no rule allows it (`kubernetes`).',
    next: 'Leave the request out, or ask an admin to add a rule to `kubernetes` that allows it.',
  },
  HostNotAllowed: {
    when: 'A policy denies the host, or the host is not in its list of hosts (`network`). Only `kubectl sentinel policy` asks this so far.',
    next: 'Use a host that the policy allows, or ask an admin to change `network`.',
  },
  ModelNotAllowed: {
    when: 'No ClusterAgentPolicy allows the endpoint or the model (`modelEndpoint`), or they do not name the same endpoint. Only `kubectl sentinel policy` asks this so far.',
    next: 'Use an endpoint and a model that the policies allow, or ask an admin of the cluster to change `modelEndpoint`.',
  },
  FileNotAllowed: {
    when: 'A policy denies reading the file, or protects it from changes (`files`). Only `kubectl sentinel policy` asks this so far.',
    next: 'Use another file, or ask an admin to change `files`.',
  },
  FreezeActive: {
    when: 'A freeze is in effect: no approved action starts (`freeze`). `kubectl sentinel policy can-i` answers with it; an approved action waits in the state `Starting`.',
    next: 'Wait until it is over. Approved actions wait and then start by themselves.',
  },
  HighRiskRefused: {
    when: 'A rule about high risk refuses an effect of the plan (`highRisk`).',
    next: 'A person makes the change by hand.',
  },
  ApprovalRuleMissing: {
    when: 'No ClusterAgentPolicy says who may approve (`approvals`).',
    next: 'An admin of the cluster adds `approvals` to one.',
  },
  RiskNotCovered: {
    when: 'No entry of `approvals` in a policy covers the risk of the plan; such a plan is denied.',
    next: 'Make the plan smaller, or ask an admin to add an entry to `approvals` that covers this risk.',
  },
  ApproversMissing: {
    when: 'Policy has changed since the plan was made, and nobody can approve the plan any more.',
    next: 'Create the action again. Its new plan follows the current policies.',
  },
  CommentRequired: {
    when: 'The decision has no comment. A policy requires one (`reasons`), or it is a request for changes, which always needs one.',
    next: "Decide again and say why: `--comment 'WHY'`, or the annotation `sentinel.dev/comment`.",
  },
  TicketRequired: {
    when: 'A policy requires that the comment of the decision names a ticket (`reasons`), and it contains no word that matches the pattern.',
    next: "Decide again and name the ticket in the comment: `--comment 'TICKET: WHY'`, or the annotation `sentinel.dev/comment`.",
  },
  RevisionLimitExceeded: {
    when: 'People have asked for changes of the action as often as policy allows (`limits.revisions`; 3 unless a policy says otherwise).',
    next: 'Approve or reject the plan. After a rejection the requester creates another action.',
  },
  AmendmentNotOffered: {
    when: 'The action names an action to amend that does not offer an amendment, or not any more.',
    next: 'Read why in `status.amendment.reason` of that action, and create an ordinary action instead: its rehearsal makes a new plan.',
  },
  AmendmentDiffers: {
    when: 'The action does not do the same work as the one that it amends, or has another requester.',
    next: 'Create it with `kubectl sentinel amend`, as the requester of the blocked action. For other work, leave out `spec.amends`.',
  },
  AmendmentLimitExceeded: {
    when: 'The plan was amended as often as policy allows (`limits.amendments`; never more than twice).',
    next: 'Find out why the run does not do what its rehearsal does, and correct the Playbook. Then create the action again.',
  },
  PlaybookChanged: {
    when: 'The Playbook has changed since the action was admitted.',
    next: 'Create the action again.',
  },
  EnvironmentChanged: {
    when: 'The environment of the namespace has changed since the rehearsal.',
    next: 'Create the action again.',
  },
  ApproverGroupsDisjoint: {
    when: 'The policies that apply have no group of approvers in common, so nobody could approve.',
    next: 'An admin adds one group to `approvals[].groups` of all of them, or to `identity.approverGroups` of all ClusterAgentPolicies.',
  },
} as const satisfies ErrorTable;

/** The code of a refusal by policy. */
export type PolicyErrorCode = keyof typeof policyErrors;

/** What to do about a refusal: each code has one remedy. */
export const remedyOf = (code: PolicyErrorCode): string => policyErrors[code].next;
