/** What a role is for, and why it has each of its rules. */
export interface RoleReasons {
  readonly holder: string;
  /** By the rule, as `ruleText` writes it. */
  readonly rules: Readonly<Record<string, string>>;
}

const KINDS_FOR_PEOPLE =
  'get,list,watch agentactions.sentinel.dev, actionplans.sentinel.dev, actionplanparts.sentinel.dev, playbooks.sentinel.dev, agentpolicies.sentinel.dev';
const OWN_ACCOUNT =
  'To end when its account is deleted: it can check nothing then, and the Service of a new installation would find it by its labels.';

/** The reason of each rule in the chart, by role. `make check` fails when a rule has none, and when one is left that the chart does not have. */
export const reasons: Readonly<Record<string, RoleReasons>> = {
  'ClusterRole/sentinel-operator': {
    holder: 'the operator, in the whole cluster',
    rules: {
      'get,list,watch agentactions.sentinel.dev, agentpolicies.sentinel.dev, clusteragentpolicies.sentinel.dev, playbooks.sentinel.dev':
        'It reconciles these kinds: it keeps them in memory, and reads them again from the API server right before it acts.',
      'update agentactions/status.sentinel.dev, agentpolicies/status.sentinel.dev, clusteragentpolicies/status.sentinel.dev, playbooks/status.sentinel.dev':
        'Conditions, decisions and results.',
      'patch agentactions.sentinel.dev':
        'To remove its finalizer at the end, and oversized metadata. Admission policies refuse any other change by it.',
      'get,create actionplans.sentinel.dev, actionplanparts.sentinel.dev':
        'A plan is created once, after the rehearsal, and read before each start.',
      'delete agentactions.sentinel.dev': 'Actions whose retention time is over (`dataHandling.retainFor`).',
      'get,list,watch namespaces': 'Whether a namespace opted in, and its environment.',
      'list nodes': 'Whether every node supports user namespaces (`sandbox.userNamespaces: Auto`), at the start.',
      'create events.events.k8s.io': 'The audit trail as Events of the action.',
      'create subjectaccessreviews.authorization.k8s.io':
        'Whether requesters may use an account, and whether deciders may decide.',
      'get validatingadmissionpolicies.admissionregistration.k8s.io, validatingadmissionpolicybindings.admissionregistration.k8s.io, mutatingwebhookconfigurations.admissionregistration.k8s.io, validatingwebhookconfigurations.admissionregistration.k8s.io':
        'To compare the guards with what this version renders, before each start.',
    },
  },
  'Role/sentinel-sandboxes/sentinel-operator': {
    holder: 'the operator, in the namespace of the sandboxes',
    rules: {
      'get,list,watch,create,patch,delete jobs.batch': 'One Job for each stage of an action.',
      'get,list,watch pods': 'How the pod of a Job is doing, and whether somebody altered it.',
      'get pods/log': 'Output of the steps, for status and evidence.',
      'list networkpolicies.networking.k8s.io': 'To compare the network guards, before each start.',
    },
  },
  'Role/sentinel-schedules/sentinel-operator': {
    holder: 'the operator, in the namespace of the schedules',
    rules: {
      'list,watch,create,patch,delete cronjobs.batch': 'One CronJob for each Playbook with a schedule.',
      'list networkpolicies.networking.k8s.io': 'To compare the NetworkPolicy of the pods of schedules, before each start.',
    },
  },
  'Role/sentinel-system/sentinel-operator': {
    holder: 'the operator, in the namespace of the programs',
    rules: {
      'create leases.coordination.k8s.io': 'Leader election. The right to create cannot be limited by name.',
      'get,update leases.coordination.k8s.io [sentinel-operator]': 'Leader election.',
      'get,list,watch configmaps [sentinel-seal-keys]': 'Public keys, to verify the seals of decisions and trust.',
      'get configmaps [sentinel-gateway-ca]': 'The CA of the gateway, which it asks for reports about runs.',
      'get,list,watch,patch configmaps [sentinel-acts]':
        'Acts of people, as the webhook recorded them. It removes those that it has exported.',
      'get,update configmaps [sentinel-acts-trail]': 'The end of the chain of acts.',
      'get services [sentinel-gateway]': 'The address of the gateway, which is rendered into sandboxes.',
      'list pods': 'Whether the replica of the gateway that recorded a rehearsal still exists.',
    },
  },
  'Role/sentinel-system/sentinel-operator-evidence': {
    holder: 'the operator, with `evidence.enabled`',
    rules: {
      'get services [sentinel-evidence]': 'The address of the evidence store.',
      'get configmaps [sentinel-evidence-ca]': 'The CA of the evidence store.',
    },
  },
  'ClusterRole/sentinel-webhook': {
    holder: 'the webhook, in the whole cluster',
    rules: {
      'get,list clusteragentpolicies.sentinel.dev': 'To refuse early what policy forbids, and to check that an act happened.',
      'get,list,watch agentpolicies.sentinel.dev, playbooks.sentinel.dev':
        'The same, and their number and size, which are checked when one is written.',
      'get,list,watch agentactions.sentinel.dev':
        'The parent of an action, and the stored size of all actions, which is checked when one is created.',
      'list,watch actionplans.sentinel.dev, actionplanparts.sentinel.dev': 'The stored size of all plans.',
      'get namespaces': 'Whether a namespace opted in, and its environment.',
      'create subjectaccessreviews.authorization.k8s.io': 'Whether people may decide, trust, amend and use accounts.',
      'get,patch mutatingwebhookconfigurations.admissionregistration.k8s.io, validatingwebhookconfigurations.admissionregistration.k8s.io [sentinel]':
        'To publish its CA. An admission policy lets it change `caBundle` alone.',
    },
  },
  'Role/sentinel-system/sentinel-webhook': {
    holder: 'the webhook, in the namespace of the programs',
    rules: {
      'list,watch serviceaccounts [sentinel-webhook]': OWN_ACCOUNT,
      'get,update secrets [sentinel-webhook-ca, sentinel-webhook-seal]':
        'Its certificates, and the key that seals decisions. It cannot create Secrets, because another program would trust one with the expected name.',
      'get,patch configmaps [sentinel-seal-keys, sentinel-acts]': 'To publish the public keys, and to record acts of people.',
    },
  },
  'ClusterRole/sentinel-gateway': {
    holder: 'the gateway, in the whole cluster',
    rules: {
      'get playbooks.sentinel.dev': 'To render the sandbox of a run itself, and to verify trust.',
      'get,list,watch agentactions.sentinel.dev, actionplans.sentinel.dev':
        'The approved plan, the decisions about it, and the stored size of all.',
      'list,watch actionplanparts.sentinel.dev': 'Their stored size.',
      'list,watch agentpolicies.sentinel.dev, clusteragentpolicies.sentinel.dev':
        'It judges each run and each request by policy, without the operator.',
      'get,list,watch namespaces': 'The environment of a namespace, and whether it is being deleted.',
      'list poddisruptionbudgets.policy': 'Whether a plan disrupts more pods than they allow is part of its risk.',
      'get customresourcedefinitions.apiextensions.k8s.io':
        'The storage version of a custom resource: the only version in which it may be written.',
      'list apiservices.apiregistration.k8s.io': 'Which APIs another server answers: writes to them are refused.',
      'create tokenreviews.authentication.k8s.io': 'Who calls: the pod of a sandbox, or the operator.',
      'create subjectaccessreviews.authorization.k8s.io':
        'Whether the requester still holds the verb `use` on the account, before each write, and whether the account may roll back.',
      'impersonate users [sentinel:probe]': 'The test of the lock, before each rehearsal.',
      'impersonate userextras/sentinel.dev/stage.authentication.k8s.io [rehearsal, enforce]':
        'To mark each request of a run with its stage, which admission policies rely on.',
      'impersonate userextras/sentinel.dev/action.authentication.k8s.io': 'To mark each request of a run with its action.',
    },
  },
  'Role/sentinel-ledger/sentinel-gateway': {
    holder: 'the gateway, in the namespace of the ledger',
    rules: {
      'get,list,watch,create,patch,delete configmaps': 'Claims of runs, and notes on what was refused or suspended.',
      'get,list,watch,create,update,delete secrets': 'Recordings, intents, and pre-images for rollback.',
    },
  },
  'Role/sentinel-sandboxes/sentinel-gateway': {
    holder: 'the gateway, in the namespace of the sandboxes',
    rules: {
      'get,list,watch pods': 'Which pod calls, and whether it is what the gateway itself renders.',
      'get jobs.batch': 'The same for its Job.',
      'get,patch configmaps [sentinel-gateway-ca]': 'To publish its CA for sandboxes.',
    },
  },
  'Role/sentinel-system/sentinel-gateway': {
    holder: 'the gateway, in the namespace of the programs',
    rules: {
      'list,watch serviceaccounts [sentinel-gateway]': OWN_ACCOUNT,
      'get,update secrets [sentinel-gateway-ca, sentinel-gateway-seal]': 'Its certificates, and the key that signs statements.',
      'get,patch configmaps [sentinel-gateway-ca, sentinel-statement-keys]': 'To publish its CA and public keys.',
      'get configmaps [sentinel-seal-keys]': 'Public keys, to verify the seals of decisions and trust.',
      'get services [sentinel-gateway]': 'Its own address, which is rendered into sandboxes.',
    },
  },
  'Role/sentinel-system/sentinel-lock-probe': {
    holder: 'the user `sentinel:probe`, which only the gateway can be',
    rules: {
      'patch configmaps [sentinel-lock-probe]': 'What the test of the lock may write, so that only the lock can refuse it.',
    },
  },
  'ClusterRole/sentinel-evidence': {
    holder: 'the evidence store, in the whole cluster',
    rules: {
      'list agentactions.sentinel.dev': 'Which actions still exist: their evidence is kept.',
      'get namespaces': 'Whether a namespace is still the one of the evidence, and not a new one of that name.',
      'create tokenreviews.authentication.k8s.io': 'Whether the caller is the operator.',
      'create subjectaccessreviews.authorization.k8s.io': 'Whether readers may read the action.',
      'get,patch apiservices.apiregistration.k8s.io [v1alpha1.evidence.sentinel.dev]': 'To publish its CA.',
    },
  },
  'Role/sentinel-system/sentinel-evidence': {
    holder: 'the evidence store, in the namespace of the programs',
    rules: {
      'list,watch serviceaccounts [sentinel-evidence]': OWN_ACCOUNT,
      'get,update secrets [sentinel-evidence-ca]': 'Its certificates.',
      'get,patch configmaps [sentinel-evidence-ca]': 'To publish its CA for the operator.',
    },
  },
  'ClusterRole/sentinel-schedule': {
    holder: 'the pods of schedules, in the whole cluster',
    rules: {
      'get playbooks.sentinel.dev': 'Whether the Playbook still has that schedule and is trusted.',
      'create agentactions.sentinel.dev': 'To create the action. Admission policies refuse any but those of schedules.',
    },
  },
  'Role/sentinel-system/sentinel-test': {
    holder: '`helm test`, while it runs',
    rules: {
      'get deployments.apps [sentinel-operator, sentinel-webhook, sentinel-gateway, sentinel-evidence]':
        'Whether all replicas are ready.',
      'get leases.coordination.k8s.io [sentinel-operator]': 'Whether an operator leads.',
      'create agentactions.sentinel.dev': 'Whether the webhook is asked: by a dry-run of an action that it must refuse.',
    },
  },
  'ClusterRole/sentinel-agent': {
    holder: 'agents, bound by you in a namespace',
    rules: {
      'create,get,list,watch,patch agentactions.sentinel.dev':
        'To create actions, and to edit and cancel their own. Admission refuses changes of the actions of others.',
      'get,list,watch actionplans.sentinel.dev, actionplanparts.sentinel.dev, playbooks.sentinel.dev':
        'To read what an action runs, and what its rehearsal found.',
      'get evidence.evidence.sentinel.dev': 'Logs and results of the actions that they can read.',
    },
  },
  'ClusterRole/sentinel-approver': {
    holder: 'people who decide, bound by you in a namespace',
    rules: {
      [KINDS_FOR_PEOPLE]: 'What they decide about, and under which rules.',
      'patch,update,approve agentactions.sentinel.dev':
        'A decision is requested with an annotation, so it needs `patch` or `update`; it counts only with `approve`.',
      'get evidence.evidence.sentinel.dev': 'Logs and results of the actions that they can read.',
    },
  },
  'ClusterRole/sentinel-schedule-approver': {
    holder: 'people who may approve schedules in advance; you bind it',
    rules: {
      'get,list,watch,patch,update,approve playbooks.sentinel.dev':
        'To read a Playbook with its schedule, and to write the standing approval as its annotation. An approval counts only with the verb approve.',
      'get,list,watch,approve agentactions.sentinel.dev':
        'To see what the schedule filed. It starts actions, so its person must be allowed to approve actions, too.',
    },
  },
  'ClusterRole/sentinel-truster': {
    holder: 'people who trust Playbooks, bound by you in a namespace',
    rules: {
      'get,list,watch,patch,update,trust playbooks.sentinel.dev':
        'Trust is requested with an annotation, so it needs `patch` or `update`; it counts only with `trust`.',
      'get,list,watch agentactions.sentinel.dev': 'What happens to the actions of a Playbook whose trust is withdrawn.',
    },
  },
  'ClusterRole/sentinel-view': {
    holder: 'everyone with `view`, `edit` or `admin` in a namespace, by aggregation',
    rules: {
      [KINDS_FOR_PEOPLE]: 'To see what agents do and may do there.',
      'get evidence.evidence.sentinel.dev': 'Logs and results of the actions that they can read.',
    },
  },
  'ClusterRole/sentinel-admin': {
    holder: 'everyone with `admin` in a namespace, by aggregation',
    rules: {
      'get,list,watch,create,update,patch,delete playbooks.sentinel.dev, agentpolicies.sentinel.dev':
        'To write Playbooks and policies. A policy of a namespace can only be tighter than the floor.',
    },
  },
  'Role/sentinel-system/sentinel-auditor': {
    holder: 'auditors of the whole installation, bound by you',
    rules: {
      'get configmaps [sentinel-seal-keys, sentinel-statement-keys, sentinel-acts, sentinel-acts-trail]':
        'Public keys and the chain of acts, for `kubectl sentinel audit verify`.',
    },
  },
};
