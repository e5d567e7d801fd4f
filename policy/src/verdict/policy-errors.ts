import type { ErrorTable } from '@sentinel/crds';

/** Why policy refuses an action, its plan or a request of its run: what the webhook, the operator, the gateway and the CLI judge by. */
export const policyErrors = {
  NamespaceNotEnabled: {
    when: 'The namespace has not opted in, so nothing runs in it.',
    next: 'An admin of the cluster sets the label `sentinel.dev/enabled=true` on the namespace.',
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
    when: 'A policy that applies cannot be read, so it denies everything.',
    next: 'An admin corrects it. Its condition `Ready` names each fault.',
  },
  PoliciesTooLarge: {
    when: 'The AgentPolicies of the namespace are too large together to be read, so everything is denied.',
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
    next: 'Use a namespace of an environment that the policy allows, or ask an admin.',
  },
  ModeNotAllowed: {
    when: 'A policy does not allow the mode of the action (`modes`).',
    next: 'Create the action with a mode that the policy allows, such as `DryRun`.',
  },
  AdHocStepsNotAllowed: {
    when: 'A policy does not allow ad-hoc steps (`playbooks.adHocSteps`).',
    next: 'Name a Playbook, or ask an admin.',
  },
  PlaybookNotFound: {
    when: 'The Playbook that the action names does not exist in its namespace.',
    next: 'Name one that `kubectl get playbooks` lists.',
  },
  PlaybookNotAllowed: {
    when: 'A policy has a list of Playbooks, and this one is not on it (`playbooks.allow`).',
    next: 'Name a Playbook that the policy allows, or ask an admin.',
  },
  PlaybookNotTrusted: {
    when: 'A policy asks for trusted Playbooks (`playbooks.trustedOnly`), and this one is not trusted as it stands.',
    next: 'Someone who holds the verb `trust` and did not write it runs `kubectl sentinel trust`.',
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
    next: 'Do without the command, or ask an admin to change the rule. `kubectl sentinel policy explain` shows how a command is judged.',
  },
  ImageNotAllowed: {
    when: 'A policy does not allow the image of the sandbox, or requires its digest (`images`).',
    next: 'Use an image that the policy allows, by digest where the policy requires one.',
  },
  RepositoryNotAllowed: {
    when: 'A policy does not allow a repository that the action names (`repositories`), or the name is not that of a repository.',
    next: 'Correct `spec.target.repositories`, or ask an admin.',
  },
  ToolNotAllowed: {
    when: 'A policy does not allow the MCP server or the tool that the action names (`mcpServers`).',
    next: 'Use a server and a tool that the policy allows, or ask an admin.',
  },
  AccountNotAllowed: {
    when: 'The requester does not hold the verb `use` on the account that the run would act as, or this could not be checked.',
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
  ParentNotFound: {
    when: 'The parent action that the action names does not exist in its namespace.',
    next: 'Correct `spec.intent.parentAction`, or leave it out.',
  },
  ParentNotAllowed: {
    when: 'The action cannot be a part of the action that it names: somebody else created that one, it has ended, it is a DryRun, or it is a part of this action.',
    next: 'Name another parent or none; for a parent that is a DryRun, create the action with mode `DryRun`.',
  },
  DepthExceeded: {
    when: 'The action would have more ancestors than policy allows (`limits.depth`).',
    next: 'Create it as a part of an action higher up.',
  },
  ChildrenExceeded: {
    when: 'The parent action has as many children as policy allows (`limits.children`; none unless a policy says otherwise).',
    next: 'Create it without a parent, or ask an admin.',
  },
  DailyLimitExceeded: {
    when: 'The requester has created or edited as many actions in 24 hours as policy allows (`limits.perDay`).',
    next: 'Wait, or ask an admin.',
  },
  EscalationLimitExceeded: {
    when: 'The requester has asked people as often within an hour as policy allows (`limits.escalationsPerHour`).',
    next: 'Wait until the hour is over.',
  },
  CoolDownActive: {
    when: 'A run of the Playbook has failed, and policy lets it rest for a time (`limits.coolDown`).',
    next: 'Find out why it failed, and create the action again after the time that the message names.',
  },
  ObjectLimitExceeded: {
    when: 'The plan, alone or together with the actions that it belongs to, changes more objects than policy allows (`limits.objects`).',
    next: 'Split the work, or ask an admin.',
  },
  OpenActionsExceeded: {
    when: 'The namespace has as many actions that have not ended as policy allows (`limits.open`).',
    next: 'Wait until some have ended, or cancel those that are not needed any more.',
  },
  StorageExceeded: {
    when: 'What is stored for the actions of the namespace has reached its limit (`limits.storage`), or its share of the total.',
    next: "Delete actions that have ended, or ask an admin to raise the limit. See 'Storage' in the guide for admins.",
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
    next: 'An admin may add a rule to `kubernetes` that allows it.',
  },
  HostNotAllowed: {
    when: 'A policy denies the host, or has a list of hosts and this one is not on it (`network`). Only `kubectl sentinel policy` asks this so far.',
    next: 'Use a host that the policy allows, or ask an admin.',
  },
  ModelNotAllowed: {
    when: 'A policy does not allow the endpoint or the model. Only `kubectl sentinel policy` asks this so far.',
    next: 'Use a model that the policy allows, or ask an admin.',
  },
  FileNotAllowed: {
    when: 'A policy denies reading the file, or protects it from changes (`files`). Only `kubectl sentinel policy` asks this so far.',
    next: 'Leave the file alone, or ask an admin.',
  },
  FreezeActive: {
    when: 'A window in which nothing starts is open (`freeze`). `kubectl sentinel policy can-i` answers with it; an approved action waits in the state `Starting`.',
    next: 'Wait until it is over. What is approved meanwhile waits by itself.',
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
    when: 'No line of `approvals` covers the risk of the plan. What no line covers is denied.',
    next: 'Make the plan smaller, or ask an admin to add a line.',
  },
  ApproversMissing: {
    when: 'Policy has changed since the plan was made, and no group is left whose members may approve it.',
    next: 'Create the action again: its plan is made for what policy asks now.',
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
    when: 'The policies that apply name no group of approvers in common, so nobody could approve.',
    next: 'An admin names a group that is in the lists of all of them.',
  },
} as const satisfies ErrorTable;

/** The code of a refusal by policy. */
export type PolicyErrorCode = keyof typeof policyErrors;
