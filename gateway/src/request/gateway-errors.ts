import type { ErrorTable } from '@sentinel/crds';

const AGAIN = 'Send the request again.';
const CLUSTER = 'Ask an admin to look at the API server and at the log of the gateway.';

/** What the gateway refuses beside what policy refuses: of a sandbox, and of the operator. */
export const gatewayErrors = {
  TokenInvalid: {
    when: 'The request carries no token of the sandbox, or one that is not valid for the gateway.',
    next: 'Use the token at the usual path in the pod; nothing outside of a sandbox can use the gateway.',
  },
  TooManyInvalidTokens: {
    when: 'Too many tokens that are not valid came from the address.',
    next: 'Wait, and send a valid token.',
  },
  GatewayBusy: {
    when: 'The gateway has no room for another request of this kind, or of this namespace, now.',
    next: `Wait; clients of Kubernetes send the request again by themselves. If it lasts, raise \`gateway.replicas\` of the chart.`,
  },
  GatewayDisconnected: {
    when: 'This replica of the gateway has lost the API server.',
    next: AGAIN,
  },
  GatewayShuttingDown: {
    when: 'This replica of the gateway is shutting down, and accepts no new requests.',
    next: AGAIN,
  },
  InternalError: {
    when: 'The gateway met an error that it does not know. A write may or may not have been applied.',
    next: 'Look at the object before you write again, and ask an admin to look at the log of the gateway.',
  },
  ApiServerUnavailable: {
    when: 'The API server cannot be reached, or did not confirm in time that the run may still write. Nothing was sent.',
    next: AGAIN,
  },
  ApiServerAnswerInvalid: {
    when: 'The API server, or what answers for this API, sent something that is not an object.',
    next: `${AGAIN} If that does not help, ask an admin what answers for this API.`,
  },
  ClientGone: {
    when: 'The client closed the connection before it was answered.',
    next: AGAIN,
  },
  RouteUnknown: {
    when: 'The operator asked for something that this version of the gateway does not have.',
    next: 'Upgrade operator and gateway to the same version.',
  },
  RequestInvalid: {
    when: 'A request of the operator does not name an action or a run.',
    next: 'Upgrade operator and gateway to the same version.',
  },
  PodNotRecorded: {
    when: "The pod does not belong to a Job that is recorded as running in an action's status, or has ended.",
    next: 'Nothing has to be done for a pod that has ended. Otherwise create the action again.',
  },
  JobAltered: {
    when: 'The Job is not the one that the Playbook, the parameters and the policies come to.',
    next: 'See whether operator and gateway have one version and the same values of the chart, and what changes Jobs in the cluster.',
  },
  PodAltered: {
    when: 'The pod is not what its Job says: something in the cluster changed it.',
    next: 'Exempt the namespace of the sandboxes from what injects into pods or changes them.',
  },
  NotAdmitted: {
    when: 'Policy does not admit the action any more, or its Playbook has changed, when its rehearsal starts.',
    next: 'Correct what the message names, and create the action again.',
  },
  NotApproved: {
    when: 'The plan does not have the approvals that policy requires when its run starts, or may not start now.',
    next: 'Have the plan approved, or create the action again where the message says that it has ended.',
  },
  PlanNotRecorded: {
    when: 'The plan is gone, or is not what the gateway recorded, or not what was approved.',
    next: 'Create the action again. If nobody changed the plan, tell your security team.',
  },
  AlreadyRun: {
    when: 'Another Job or pod has run the action already, and an action is run once.',
    next: 'Create a new action.',
  },
  RequesterMissing: {
    when: 'The action has no record of its requester: the admission webhook did not run.',
    next: 'Create the action again.',
  },
  ActionGone: {
    when: 'The action or its namespace is deleted.',
    next: 'Create a new action.',
  },
  ActionEnding: {
    when: 'The action is cancelled or being deleted.',
    next: 'Nothing has to be done; its sandbox is being stopped.',
  },
  ActionEdited: {
    when: 'The action was edited while it was rehearsed, so what was recorded is not its plan.',
    next: 'Wait: a new rehearsal starts by itself.',
  },
  NamespaceNotObserved: {
    when: 'The gateway has not seen the namespace yet.',
    next: AGAIN,
  },
  RecorderGone: {
    when: 'The replica of the gateway that recorded the rehearsal is gone, and what it had recorded with it.',
    next: 'Wait: the rehearsal starts over by itself.',
  },
  RecorderUnavailable: {
    when: 'The replica of the gateway that records the rehearsal gave no answer.',
    next: AGAIN,
  },
  RehearsalLockMissing: {
    when: 'The API server does not refuse what a rehearsal must not write, so nothing is rehearsed.',
    next: 'An admin looks at the ValidatingAdmissionPolicy that the message names, and at the log of the gateway.',
  },
  WritesNotAllowed: {
    when: 'The stage or the profile of the Playbook may only read.',
    next: 'Leave the write out, or use a Playbook with the profile `Change`.',
  },
  PathNotAllowed: {
    when: 'The path is not that of a resource of the Kubernetes API, or is written in a way that is not allowed.',
    next: 'Use the path that `kubectl` would use.',
  },
  QueryNotAllowed: {
    when: 'A parameter of the query is not known, is given twice, or has a value that is not allowed.',
    next: 'Leave the parameter out that the message names.',
  },
  MethodNotSupported: {
    when: 'The resource does not know the verb, or the HTTP method is refused.',
    next: 'Use a verb that the resource knows.',
  },
  UpgradeNotAllowed: {
    when: 'The request would open a connection into the cluster: exec, attach, port-forward and other upgrades.',
    next: 'Do without it; a person does this by hand.',
  },
  ResourceUnknown: {
    when: 'The API server does not know the API group, its version or the resource, or does not say what it knows.',
    next: 'Correct the name, or ask an admin whether the CustomResourceDefinition is installed.',
  },
  AggregatedApiNotAllowed: {
    when: 'The API is served by another server, which may ignore a dry-run, or the list of such APIs could not be fetched.',
    next: 'Do without it; a person does this by hand.',
  },
  ApiVersionNotAllowed: {
    when: 'The write names another version of the API than the one that is stored or preferred, and could change fields that it does not show.',
    next: 'Name the version that the message names.',
  },
  ApiVersionUnknown: {
    when: 'The stored or preferred version of the API could not be determined, so nothing is written.',
    next: CLUSTER,
  },
  DeleteCollectionNotAllowed: {
    when: 'The request would delete a whole collection.',
    next: 'Delete the objects by name.',
  },
  EvictionNotSupported: {
    when: 'The request is an eviction.',
    next: 'Delete the pod, or leave it to a person.',
  },
  GenerateNameNotAllowed: {
    when: 'The object has `generateName`. A rehearsal cannot know the name.',
    next: 'Give the object a name.',
  },
  ManagedFieldsNotAllowed: {
    when: 'The request would change who owns which field (`metadata.managedFields`).',
    next: 'Leave the field out of the request.',
  },
  MediaTypeNotSupported: {
    when: 'The body, or the type of the patch, is one that cannot be checked.',
    next: 'Send JSON.',
  },
  BodyInvalid: {
    when: 'The body cannot be parsed, or has a form that is not allowed.',
    next: 'Correct what the message names.',
  },
  BodyTooLarge: {
    when: 'The body or the object is larger than what is read, or has too many parts.',
    next: 'Split it into smaller objects.',
  },
  NumberNotExact: {
    when: 'The body or the object holds a number that cannot be kept or compared exactly.',
    next: 'Write it as text, or with no more than 15 digits.',
  },
  ObjectModified: {
    when: 'The object has been modified since it was read.',
    next: 'Read it again, and send the change again.',
  },
  ObjectChanging: {
    when: 'Others keep changing the object, so the change was not made.',
    next: AGAIN,
  },
  EffectLimitExceeded: {
    when: 'The rehearsal makes more changes than a plan may have.',
    next: 'Split the work into several actions.',
  },
  RehearsalTooLarge: {
    when: 'The changes of the rehearsal, or the objects that they are about, are too large together.',
    next: 'Split the work into several actions.',
  },
  ChangeNotObservable: {
    when: 'The rehearsal cannot show the change, because an earlier one of it is not stored.',
    next: 'Create the object as it should be, or make the change in one write.',
  },
  RehearsalNotFound: {
    when: 'The run that is asked for is not a rehearsal.',
    next: 'Upgrade operator and gateway to the same version.',
  },
  PlanMissing: {
    when: 'The run has no approved plan, so it may not write.',
    next: 'Create the action again.',
  },
  NotInApprovedPlan: {
    when: 'The write is not in the approved plan, or differs from it. It is not sent, and the run is blocked.',
    next: 'Where it was meant, create the action again: its rehearsal makes a new plan.',
  },
  EffectAltered: {
    when: 'What the API server stored differs from what was approved: something changed it on the way. The run is blocked.',
    next: 'Look at the object, and at webhooks that change it.',
  },
  EffectOutcomeUnknown: {
    when: 'The answer to a write was lost, and it is unknown whether the write was applied. The run is blocked.',
    next: 'A person resolves it: `kubectl sentinel reconcile`.',
  },
  WriteNotPermitted: {
    when: 'The run may not go on: the action was cancelled, its plan is not approved any more, policy is stricter now, or a kill switch is on.',
    next: 'Remove the cause that the message names, and create the action again.',
  },
  RunBlocked: {
    when: 'An earlier write of the run blocked it. No further write is sent.',
    next: 'See the first reason: `kubectl sentinel report`.',
  },
  RunClosed: {
    when: 'The run has ended, and no further write is sent.',
    next: 'Create a new action.',
  },
  RunServedElsewhere: {
    when: 'Another replica of the gateway serves the run.',
    next: AGAIN,
  },
  DependantsUnknown: {
    when: 'It is unknown what else the deletion would delete, so it was not sent.',
    next: AGAIN,
  },
  RunNotFound: {
    when: 'The gateway knows no ended run of the action with this Job.',
    next: 'Tell an admin if the action does not end: its claim in the ledger may be gone.',
  },
  RunNotEnded: {
    when: 'The operator asked to end or to roll back a run whose pod or writes have not finished.',
    next: 'Nothing: the operator tries again.',
  },
  EffectInProgress: {
    when: 'Another process resolves the effect.',
    next: 'Nothing: the operator tries again.',
  },
  RollbackDrifted: {
    when: 'An object has changed since the plan of a rollback was made, so the approved inverse of an effect cannot be made any more.',
    next: 'Create the rollback again (`kubectl sentinel rollback`): its plan shows the objects as they are now.',
  },
  InverseRefused: {
    when: 'The API server refuses the inverse of an effect, for example because the account has no right to it any more.',
    next: 'Remove the cause that the message names, and create the rollback again; or undo the change by hand.',
  },
  RollbackNotAllowed: {
    when: 'The action is not being rolled back, or a kill switch stops the rollback.',
    next: 'Turn off the kill switch that the message names, or undo the changes by hand.',
  },
} as const satisfies ErrorTable;

/** The code of what the gateway itself refuses. */
export type GatewayErrorCode = keyof typeof gatewayErrors;
