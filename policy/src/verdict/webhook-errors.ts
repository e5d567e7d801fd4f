import type { ErrorTable } from '@sentinel/crds';

/** What the webhook refuses beside what policy refuses, in `status.details.causes` of its answer. */
export const webhookErrors = {
  PlanNotReady: {
    when: 'A decision was made on an action that has no plan yet, or in the request that creates it.',
    next: 'Wait until the action is in the state `AwaitingApproval`, look at its plan and decide again.',
  },
  PlanOutdated: {
    when: 'The decision names the digest of a plan that is not the current one.',
    next: 'Look at the plan again (`kubectl sentinel plan`) and decide on that one.',
  },
  PlanDigestRequired: {
    when: 'The decision does not name the plan that it is about.',
    next: 'Set the annotation `sentinel.dev/plan` to the digest of the plan that you saw, or use `kubectl sentinel`.',
  },
  DecisionInvalid: {
    when: 'The annotation `sentinel.dev/decision` holds a word that is not a decision.',
    next: 'Use one of the words that the message lists.',
  },
  DecisionNotAlone: {
    when: 'The update that carries a decision changes something else as well.',
    next: 'Make the decision in an update of its own.',
  },
  DecisionTooLate: {
    when: 'The action is in a state in which nobody approves, rejects or asks for changes any more.',
    next: 'Cancel the action if it must end, or create a new one.',
  },
  DecisionWithoutEffect: {
    when: 'The decision would change nothing: you have decided the same on this plan already, or have nothing to revoke.',
    next: 'Leave it. To stop the action, reject it.',
  },
  DecisionNotSealed: {
    when: 'A record of a decision was written into an action without a valid seal of the webhook.',
    next: 'Set the annotations `sentinel.dev/decision` and `sentinel.dev/plan` instead, or use `kubectl sentinel`.',
  },
  DecisionLimitExceeded: {
    when: 'The action has 24 decisions before its run, beyond which only rejections are taken, or 32 with the rejections, or 56 with the resolutions after the run.',
    next: 'Reject or cancel the action, which is possible nevertheless, and create it again.',
  },
  DecisionInProgress: {
    when: 'Somebody decides on the object right now, and the edit would keep the decision from being stored.',
    next: 'Try again in some seconds. Clients of Kubernetes do this by themselves.',
  },
  ScheduledActionFixed: {
    when: 'The action was filed by a schedule, and an edit or a request for changes would have it do something else than the schedule says.',
    next: 'Reject or cancel the action, and correct the Playbook.',
  },
  StandingApprovalNotAllowed: {
    when: 'Somebody asked for a standing approval of a schedule, and policies allow none for actions up to the risk that it names.',
    next: 'Name a lower risk, or approve each action. An admin of the cluster allows standing approvals with `approvals[].standing`.',
  },
  StandingApprovalTooLong: {
    when: 'The standing approval would end later than policies allow, or has ended already.',
    next: 'Name an earlier end.',
  },
  CommentTooLong: {
    when: 'The comment of a decision is longer than what is kept.',
    next: 'Shorten it.',
  },
  FieldManagerRequired: {
    when: 'The request does not say in its field manager what it asks for. No other webhook can change it there.',
    next: 'Add the `--field-manager` that the message names, or use `kubectl sentinel`.',
  },
  NothingToResolve: {
    when: 'A resolution was sent for an action that does not wait for one.',
    next: 'Look at the state of the action; only `OutcomeUnknown` takes a resolution.',
  },
  EffectNotUnknown: {
    when: 'The resolution does not name an effect whose outcome is unknown.',
    next: 'Use one of the numbers that the message lists.',
  },
  SelfApproval: {
    when: 'You created or edited what you want to decide on, or an agent acts on your behalf. Somebody else must decide.',
    next: 'Ask another approver.',
  },
  SeparationOfDuties: {
    when: 'You could act as the person who created the action or wrote the Playbook, so you count as the same person.',
    next: 'Ask an approver without that right. An admin of the cluster can exempt you by name in a ClusterAgentPolicy.',
  },
  AgentNotAllowed: {
    when: 'A policy names you as an agent. Agents may not approve, trust Playbooks or modify policies. They may reject.',
    next: 'Have a person do it.',
  },
  PersonRequired: {
    when: 'The identity is that of a program, such as a ServiceAccount, and only people decide.',
    next: 'Use the identity of a person.',
  },
  PermissionMissing: {
    when: 'You do not hold the verb that the decision needs: `approve` on the action, or `trust` on the Playbook.',
    next: 'An admin grants it with a RoleBinding.',
  },
  PermissionNotChecked: {
    when: 'The API server did not answer whether you hold a right, so the request is refused.',
    next: 'Try again in some seconds.',
  },
  ApproverClaimNotAllowed: {
    when: 'A ClusterAgentPolicy asks approvers for a claim that your identity does not have (`identity.approverClaims`).',
    next: 'Use an identity with that claim, or have somebody else decide.',
  },
  ApproverGroupNotAllowed: {
    when: 'You are in none of the groups whose members may approve, or in one whose members may not.',
    next: 'Have a member of one of the groups that the message names decide.',
  },
  IdentityNotRecordable: {
    when: 'A name, group or claim of your identity has a quote, a backslash or a control character, so it cannot be recorded exactly.',
    next: 'Use an identity without such names.',
  },
  RequesterUnknown: {
    when: 'A requester annotation of the action is missing or invalid: the admission webhook did not run when the action was created or edited. Or `spec.onBehalfOf` does not name a user.',
    next: 'Create the action again.',
  },
  PlaybookAuthorUnknown: {
    when: 'The author annotation of the Playbook is missing or invalid: the admission webhook did not run when the Playbook was written.',
    next: 'Write the Playbook again.',
  },
  PlaybookAuthorLimitExceeded: {
    when: 'More people have edited the Playbook since it was last trusted than can be kept.',
    next: 'Have somebody trust it, or delete it and create it again.',
  },
  PlaybookNotObserved: {
    when: 'The operator has not read the Playbook as it stands yet.',
    next: 'Try again in a moment.',
  },
  PlaybookOutdated: {
    when: 'The digest that you trust is not that of the Playbook as it stands.',
    next: 'Look at the Playbook again and trust that one.',
  },
  PlaybookSpecInvalid: {
    when: 'A Playbook is written that cannot run as it stands. The message names each fault.',
    next: 'Correct the Playbook.',
  },
  PolicySpecInvalid: {
    when: 'A policy is written that cannot be obeyed as it stands. The message names the path of each fault.',
    next: 'Correct the policy. `kubectl sentinel policy lint` finds the same.',
  },
  PlaybookQuotaExceeded: {
    when: 'The namespace has as many Playbooks, or as many bytes of them, as every program can keep, or its share of what all namespaces may have.',
    next: 'Shorten or delete some. Deleting and shortening are never refused.',
  },
  PolicyQuotaExceeded: {
    when: 'The namespace has as many AgentPolicies as one action can be judged by, or its share of what all namespaces may have.',
    next: 'Shorten or delete some, or merge them. Deleting, shortening and the kill switch are never refused, and eight more policies may exist that only suspend.',
  },
  DefinitionsNotCounted: {
    when: 'The Playbooks and policies of the namespace cannot be counted, because the API server cannot be watched.',
    next: 'Try again in some seconds; if it lasts, look at the log of the webhook.',
  },
  PolicySizeExceeded: {
    when: 'The AgentPolicies of the namespace are larger together than what may be read for each action.',
    next: 'Shorten or delete some.',
  },
  PolicyAppliesToAuthor: {
    when: 'The policy would make its own author an agent, and agents may not modify policies.',
    next: 'Name a group in `subjects`, or have somebody else write it.',
  },
  ObjectInvalid: {
    when: 'The request is about an object that the API server cannot store, for example by its name.',
    next: 'Correct the field that the message names.',
  },
  AnnotationsTooLarge: {
    when: 'The annotations of the object are larger together than the API server stores.',
    next: 'Remove some.',
  },
  SpecTooLarge: {
    when: 'The spec is so large that its status might not fit beside it.',
    next: 'Shorten it.',
  },
  SpecFaultLimitExceeded: {
    when: 'The spec violates its schema in so many places that checking all of them would keep the API server busy, for example in a list that is far too long.',
    next: 'Correct the field that the message names, and others like it. With fewer faults the API server names each of them.',
  },
  EditLimitExceeded: {
    when: 'The object is edited so often that decisions of others would find no turn.',
    next: 'Try again in some seconds. Clients of Kubernetes do this by themselves.',
  },
  TextLimitExceeded: {
    when: 'Too many long specs of the namespace wait to be read.',
    next: 'Try again in some seconds. Clients of Kubernetes do this by themselves.',
  },
  ChangeNotRecorded: {
    when: 'Who makes the change cannot be written into the audit trail now, so the change is refused.',
    next: 'Try again; if it lasts, look at the sink of the audit trail.',
  },
  CheckFailed: {
    when: 'A check ended with an error, so the request is refused.',
    next: 'Try again; if it lasts, look at the log of the webhook.',
  },
  ReviewInvalid: {
    when: 'What was sent to the webhook is not an AdmissionReview. The API server does not send such requests.',
    next: 'Send requests to the API server, not to the webhook.',
  },
  ReviewTooLarge: {
    when: 'The object is larger, or holds more values, than the webhook reads.',
    next: 'Make the object smaller.',
  },
  WebhookBusy: {
    when: 'Too many requests are under way in the webhook. The API server sends the request again.',
    next: 'Wait; if it lasts, raise `webhook.replicas` of the chart.',
  },
  ClientCertificateRequired: {
    when: 'The caller of the webhook showed no client certificate of the API server.',
    next: 'Send requests to the API server, not to the webhook.',
  },
} as const satisfies ErrorTable;

/** The code of what the webhook itself refuses. */
export type WebhookErrorCode = keyof typeof webhookErrors;
