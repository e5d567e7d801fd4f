// Generated from charts/sentinel/templates by `make generate`; not edited by hand.
import type { AnyObject } from '@sentinel/kube';

/** Each guard as the chart renders it, without labels and annotations. */
export const renderedGuards: readonly AnyObject[] = [
  {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicy",
    "spec": {
      "failurePolicy": "Fail",
      "matchConstraints": {
        "resourceRules": [
          {
            "apiGroups": [
              "sentinel.dev"
            ],
            "apiVersions": [
              "*"
            ],
            "operations": [
              "CREATE",
              "UPDATE"
            ],
            "resources": [
              "agentactions"
            ]
          }
        ]
      },
      "variables": [
        {
          "name": "user",
          "expression": "request.userInfo.username"
        },
        {
          "name": "operator",
          "expression": "variables.user == 'system:serviceaccount:sentinel-system:sentinel-operator'"
        },
        {
          "name": "collector",
          "expression": "variables.user in ['system:serviceaccount:kube-system:generic-garbage-collector', 'system:serviceaccount:kube-system:namespace-controller', 'system:kube-controller-manager']"
        },
        {
          "name": "create",
          "expression": "request.operation == 'CREATE'"
        },
        {
          "name": "annotations",
          "expression": "has(object.metadata.annotations) ? object.metadata.annotations : {}"
        },
        {
          "name": "oldAnnotations",
          "expression": "oldObject != null && has(oldObject.metadata.annotations) ? oldObject.metadata.annotations : {}"
        },
        {
          "name": "groups",
          "expression": "has(request.userInfo.groups) ? request.userInfo.groups : []"
        },
        {
          "name": "groupList",
          "expression": "variables.groups.size() == 0 ? '' : '\"' + variables.groups.join('\",\"') + '\"'"
        },
        {
          "name": "plain",
          "expression": "([variables.user, has(request.userInfo.uid) ? request.userInfo.uid : ''] + variables.groups).all(n, n.matches(r'^[^\"\\\\]*$'))"
        },
        {
          "name": "asked",
          "expression": "has(request.options) && has(request.options.fieldManager) ? request.options.fieldManager : ''"
        },
        {
          "name": "extra",
          "expression": "has(request.userInfo.extra) ? request.userInfo.extra : {}"
        },
        {
          "name": "stamp",
          "expression": "'{\"user\":\"' + variables.user + '\",\"uid\":\"' + (has(request.userInfo.uid) ? request.userInfo.uid : '') + '\",\"groups\":[' + variables.groupList + ']}'"
        },
        {
          "name": "requester",
          "expression": "'sentinel.dev/requested-by' in variables.oldAnnotations && variables.oldAnnotations['sentinel.dev/requested-by'].startsWith('{\"user\":\"' + variables.user + '\",')"
        },
        {
          "name": "amendedBy",
          "expression": "'sentinel.dev/amended-by' in variables.annotations ? variables.annotations['sentinel.dev/amended-by'] : ''"
        },
        {
          "name": "oldAmendedBy",
          "expression": "'sentinel.dev/amended-by' in variables.oldAnnotations ? variables.oldAnnotations['sentinel.dev/amended-by'] : ''"
        },
        {
          "name": "editor",
          "expression": "variables.oldAmendedBy.split('\\n').exists(line, line.startsWith('{\"user\":\"' + variables.user + '\",'))"
        },
        {
          "name": "program",
          "expression": "variables.user.startsWith('system:serviceaccount:') || variables.user.startsWith('system:node:') || variables.user.startsWith('sentinel:') || 'authentication.kubernetes.io/pod-name' in variables.extra"
        },
        {
          "name": "approvals",
          "expression": "'sentinel.dev/approvals' in variables.annotations ? variables.annotations['sentinel.dev/approvals'] : ''"
        },
        {
          "name": "oldApprovals",
          "expression": "'sentinel.dev/approvals' in variables.oldAnnotations ? variables.oldAnnotations['sentinel.dev/approvals'] : ''"
        },
        {
          "name": "decided",
          "expression": "variables.approvals != variables.oldApprovals"
        },
        {
          "name": "appended",
          "expression": "variables.oldApprovals == '' || variables.approvals.startsWith(variables.oldApprovals + '\\n')"
        },
        {
          "name": "line",
          "expression": "variables.decided && variables.appended ? variables.approvals.substring(variables.oldApprovals == '' ? 0 : variables.oldApprovals.size() + 1) : ''"
        },
        {
          "name": "plan",
          "expression": "oldObject != null && has(oldObject.status) && has(oldObject.status.plan) && has(oldObject.status.plan.digest) ? oldObject.status.plan.digest : ''"
        },
        {
          "name": "prefix",
          "expression": "oldObject == null ? '' : '{\"action\":\"' + oldObject.metadata.uid + '\",\"plan\":\"' + variables.plan + '\",\"user\":\"' + variables.user + '\",\"uid\":\"' + (has(request.userInfo.uid) ? request.userInfo.uid : '') + '\",\"groups\":[' + variables.groupList + '],\"extra\":{'"
        },
        {
          "name": "rest",
          "expression": "variables.line != '' && variables.line.startsWith(variables.prefix) ? variables.line.substring(variables.prefix.size()) : ''"
        },
        {
          "name": "claimsEnd",
          "expression": "variables.rest.indexOf('},\"decision\":\"')"
        },
        {
          "name": "claims",
          "expression": "variables.claimsEnd > 0 ? variables.rest.substring(0, variables.claimsEnd) : ''"
        },
        {
          "name": "claimNames",
          "expression": "variables.claims.findAll(r'\"[^\"\\\\]*\":\\[').map(k, k.substring(1, k.size() - 3))"
        },
        {
          "name": "trueClaims",
          "expression": "variables.claimNames.map(k, '\"' + k + '\":[\"' + (k in variables.extra ? variables.extra[k].join('\",\"') : '\\\\') + '\"]').join(',')"
        },
        {
          "name": "plainClaims",
          "expression": "variables.claimNames.all(k, k in variables.extra && variables.extra[k].all(v, v.matches(r'^[^\"\\\\]*$')))"
        },
        {
          "name": "word",
          "expression": "variables.claimsEnd < 0 ? '' : variables.rest.substring(variables.claimsEnd + 14)"
        },
        {
          "name": "state",
          "expression": "oldObject != null && has(oldObject.status) && has(oldObject.status.conditions) && oldObject.status.conditions.exists(c, c.type == 'Succeeded') ? oldObject.status.conditions.filter(c, c.type == 'Succeeded')[0].reason : 'Pending'"
        },
        {
          "name": "sameSpec",
          "expression": "variables.create || object.spec == oldObject.spec"
        },
        {
          "name": "sameLabels",
          "expression": "variables.create || (has(object.metadata.labels) == has(oldObject.metadata.labels) && (!has(object.metadata.labels) || object.metadata.labels == oldObject.metadata.labels))"
        },
        {
          "name": "sameOthers",
          "expression": "variables.annotations.all(k, k == 'sentinel.dev/approvals' || (k in variables.oldAnnotations && variables.oldAnnotations[k] == variables.annotations[k])) && variables.oldAnnotations.all(k, k == 'sentinel.dev/approvals' || k in variables.annotations)"
        }
      ],
      "validations": [
        {
          "expression": "!('sentinel.dev/decision' in variables.annotations) && !('sentinel.dev/plan' in variables.annotations) && !('sentinel.dev/comment' in variables.annotations)",
          "message": "sentinel: the decision was not sealed, so nothing was decided: Sentinel's webhook did not take part; try again when it runs",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.create ? ('sentinel.dev/requested-by' in variables.annotations && variables.annotations['sentinel.dev/requested-by'] == variables.stamp) : ('sentinel.dev/requested-by' in variables.annotations) == ('sentinel.dev/requested-by' in variables.oldAnnotations) && (!('sentinel.dev/requested-by' in variables.annotations) || variables.annotations['sentinel.dev/requested-by'] == variables.oldAnnotations['sentinel.dev/requested-by'])",
          "message": "sentinel: the annotation sentinel.dev/requested-by must name who files the action, and must not change",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.create || variables.approvals == ''",
          "message": "sentinel: an action must not bring decisions along: it has no plan yet",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.decided || variables.create || variables.appended",
          "message": "sentinel: sealed decisions must not be changed or taken away, only added to",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.decided || variables.create || (variables.plan != '' && !variables.line.contains('\\n') && variables.line.startsWith(variables.prefix) && variables.word.matches(r'^(approve|reject|revoke)\",\"time\":\"[^\"\\\\]*\"(,\"expires\":\"[^\"\\\\]*\")?(,\"comment\":\"([^\"\\\\]|\\\\.)*\")?,\"key\":\"[^\"\\\\]*\",\"seal\":\"[^\"\\\\]*\"\\}$'))",
          "message": "sentinel: a decision must name this action, its current plan, and who makes it",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.decided || variables.create || (variables.plainClaims && variables.claims == variables.trueClaims)",
          "message": "sentinel: a decision must name the claims of who makes it as the API server authenticated them",
          "reason": "Forbidden"
        },
        {
          "expression": "(!variables.create && variables.sameSpec && !variables.decided) || variables.plain",
          "message": "sentinel: your user or group name contains a quote or a backslash; it cannot be recorded exactly",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.decided || variables.create || !variables.word.startsWith('approve\"') || variables.asked == 'approve:' + variables.plan",
          "messageExpression": "'sentinel: the request must say itself that it approves this plan: add --field-manager=approve:' + variables.plan",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.create || !variables.asked.matches('^(approve|reject|revoke):') || (variables.decided && variables.word.startsWith(variables.asked.substring(0, variables.asked.indexOf(':')) + '\"') && variables.asked.endsWith(':' + variables.plan))",
          "message": "sentinel: what was asked for was not recorded: Sentinel's webhook did not take part, or changed it; nothing was decided",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.decided || variables.create || variables.approvals.split('\\n').size() <= (variables.word.startsWith('reject\"') ? 32 : 24)",
          "message": "sentinel: too many decisions on this action: reject it, or file it again",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.decided || variables.create || !variables.program",
          "message": "sentinel: programs can not decide, only people can",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.decided || variables.create || !(variables.word.startsWith('approve\"') && (variables.requester || variables.editor))",
          "message": "sentinel: you asked for this action, or edited it: somebody else must approve it",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.decided || variables.create || authorizer.group('sentinel.dev').resource('agentactions').namespace(request.namespace).name(request.name).check('approve').allowed()",
          "message": "sentinel: you do not hold the verb 'approve' on this action",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.decided || variables.create || (variables.sameSpec && variables.sameLabels && variables.sameOthers)",
          "message": "sentinel: a decision must be the only change of an update",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.create ? (!has(object.metadata.finalizers) || object.metadata.finalizers.all(f, f == 'sentinel.dev/end-runs')) : variables.operator || variables.collector || (has(object.metadata.finalizers) == has(oldObject.metadata.finalizers) && (!has(object.metadata.finalizers) || object.metadata.finalizers == oldObject.metadata.finalizers))",
          "message": "sentinel: the finalizers of an action must not be changed; it is ended by deleting it",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.create ? !has(object.metadata.ownerReferences) || object.metadata.ownerReferences.size() == 0 : variables.collector || (has(object.metadata.ownerReferences) == has(oldObject.metadata.ownerReferences) && (!has(object.metadata.ownerReferences) || object.metadata.ownerReferences == oldObject.metadata.ownerReferences))",
          "message": "sentinel: the owners of an action must not be changed",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.amendedBy == (variables.sameSpec || variables.requester ? variables.oldAmendedBy : (variables.oldAmendedBy == '' ? variables.stamp : variables.oldAmendedBy + '\\n' + variables.stamp))",
          "message": "sentinel: the annotation sentinel.dev/amended-by must name who edits the action beside who filed it",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.sameSpec || variables.requester || authorizer.group('sentinel.dev').resource('agentactions').namespace(request.namespace).name(request.name).check('amend').allowed()",
          "message": "sentinel: an action is edited by who filed it, or with the verb 'amend'",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.sameSpec || variables.state in ['Pending', 'Rehearsing', 'AwaitingApproval', 'Starting', 'Suspended'] || (object.spec.all(k, k == 'cancelled' || (k in oldObject.spec && object.spec[k] == oldObject.spec[k])) && oldObject.spec.all(k, k == 'cancelled' || k in object.spec))",
          "message": "sentinel: the real run has begun: the action can only be cancelled now",
          "reason": "Forbidden"
        },
        {
          "expression": "(!has(object.spec.steps) || object.spec.steps.map(s, s.command.map(c, c.size()).sum()).sum() <= 65536) && (!has(object.spec.verify) || object.spec.verify.map(s, s.command.map(c, c.size()).sum()).sum() <= 65536)",
          "message": "sentinel: the commands of an action may have at most 65536 characters together",
          "reason": "Invalid"
        },
        {
          "expression": "variables.create || !has(oldObject.metadata.deletionTimestamp) || (!variables.decided && variables.sameSpec)",
          "message": "sentinel: the action is being deleted: nothing can be decided or edited any more",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.create || !variables.operator || (variables.sameSpec && variables.sameLabels && variables.annotations == variables.oldAnnotations)",
          "message": "sentinel: the operator changes nothing of an action but its status and its finalizer",
          "reason": "Forbidden"
        }
      ]
    },
    "metadata": {
      "name": "sentinel-actions"
    }
  },
  {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicyBinding",
    "spec": {
      "policyName": "sentinel-actions",
      "validationActions": [
        "Deny"
      ]
    },
    "metadata": {
      "name": "sentinel-actions"
    }
  },
  {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicy",
    "spec": {
      "failurePolicy": "Fail",
      "matchConstraints": {
        "resourceRules": [
          {
            "apiGroups": [
              "sentinel.dev"
            ],
            "apiVersions": [
              "*"
            ],
            "operations": [
              "UPDATE"
            ],
            "resources": [
              "agentactions/status",
              "playbooks/status",
              "agentpolicies/status",
              "clusteragentpolicies/status"
            ]
          }
        ]
      },
      "validations": [
        {
          "expression": "request.userInfo.username == 'system:serviceaccount:sentinel-system:sentinel-operator'",
          "message": "sentinel: only Sentinel's operator writes this status",
          "reason": "Forbidden"
        }
      ]
    },
    "metadata": {
      "name": "sentinel-action-status"
    }
  },
  {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicyBinding",
    "spec": {
      "policyName": "sentinel-action-status",
      "validationActions": [
        "Deny"
      ]
    },
    "metadata": {
      "name": "sentinel-action-status"
    }
  },
  {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicy",
    "spec": {
      "failurePolicy": "Fail",
      "matchConstraints": {
        "resourceRules": [
          {
            "apiGroups": [
              "sentinel.dev"
            ],
            "apiVersions": [
              "*"
            ],
            "operations": [
              "CREATE",
              "UPDATE"
            ],
            "resources": [
              "actionplans"
            ]
          }
        ]
      },
      "validations": [
        {
          "expression": "request.operation == 'UPDATE' ? object.spec == oldObject.spec : request.userInfo.username == 'system:serviceaccount:sentinel-system:sentinel-operator'",
          "message": "sentinel: only Sentinel's operator writes plans, and a plan never changes",
          "reason": "Forbidden"
        }
      ]
    },
    "metadata": {
      "name": "sentinel-plans"
    }
  },
  {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicyBinding",
    "spec": {
      "policyName": "sentinel-plans",
      "validationActions": [
        "Deny"
      ]
    },
    "metadata": {
      "name": "sentinel-plans"
    }
  },
  {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicy",
    "spec": {
      "failurePolicy": "Fail",
      "matchConstraints": {
        "resourceRules": [
          {
            "apiGroups": [
              "*"
            ],
            "apiVersions": [
              "*"
            ],
            "operations": [
              "*"
            ],
            "resources": [
              "*/*"
            ],
            "scope": "*"
          }
        ]
      },
      "matchConditions": [
        {
          "name": "run",
          "expression": "request.userInfo.username.startsWith('sentinel:')"
        }
      ],
      "variables": [
        {
          "name": "extra",
          "expression": "has(request.userInfo.extra) ? request.userInfo.extra : {}"
        },
        {
          "name": "stage",
          "expression": "'sentinel.dev/stage' in variables.extra && variables.extra['sentinel.dev/stage'].size() == 1 ? variables.extra['sentinel.dev/stage'][0] : ''"
        },
        {
          "name": "action",
          "expression": "'sentinel.dev/action' in variables.extra && variables.extra['sentinel.dev/action'].size() == 1 ? variables.extra['sentinel.dev/action'][0] : ''"
        },
        {
          "name": "dry",
          "expression": "has(request.dryRun) && request.dryRun == true"
        },
        {
          "name": "resource",
          "expression": "request.resource.group + '/' + request.resource.resource + (has(request.subResource) && request.subResource != '' ? '/' + request.subResource : '')"
        }
      ],
      "validations": [
        {
          "expression": "variables.dry || (variables.stage == 'enforce' && variables.action != '' && request.userInfo.username.startsWith('sentinel:enforce:'))",
          "message": "sentinel-run-lock: a rehearsal must not change anything",
          "reason": "Forbidden"
        },
        {
          "expression": "request.operation != 'CONNECT' && variables.resource != '/serviceaccounts/token'",
          "message": "sentinel-run-lock: connections and tokens are refused in a run",
          "reason": "Forbidden"
        },
        {
          "expression": "request.resource.group != 'sentinel.dev'",
          "message": "sentinel-run-lock: a run must not touch Sentinel's own kinds",
          "reason": "Forbidden"
        }
      ]
    },
    "metadata": {
      "name": "sentinel-run-lock"
    }
  },
  {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicyBinding",
    "spec": {
      "policyName": "sentinel-run-lock",
      "validationActions": [
        "Deny"
      ]
    },
    "metadata": {
      "name": "sentinel-run-lock"
    }
  },
  {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicy",
    "spec": {
      "failurePolicy": "Fail",
      "matchConstraints": {
        "namespaceSelector": {
          "matchLabels": {
            "kubernetes.io/metadata.name": "sentinel-sandboxes"
          }
        },
        "resourceRules": [
          {
            "apiGroups": [
              ""
            ],
            "apiVersions": [
              "*"
            ],
            "operations": [
              "*"
            ],
            "resources": [
              "pods",
              "pods/*",
              "serviceaccounts/token",
              "bindings",
              "secrets",
              "configmaps",
              "replicationcontrollers"
            ]
          },
          {
            "apiGroups": [
              "batch"
            ],
            "apiVersions": [
              "*"
            ],
            "operations": [
              "*"
            ],
            "resources": [
              "*",
              "jobs/*"
            ]
          },
          {
            "apiGroups": [
              "apps"
            ],
            "apiVersions": [
              "*"
            ],
            "operations": [
              "*"
            ],
            "resources": [
              "*"
            ]
          },
          {
            "apiGroups": [
              "networking.k8s.io"
            ],
            "apiVersions": [
              "*"
            ],
            "operations": [
              "*"
            ],
            "resources": [
              "networkpolicies"
            ]
          }
        ]
      },
      "variables": [
        {
          "name": "user",
          "expression": "request.userInfo.username"
        },
        {
          "name": "controller",
          "expression": "variables.user in ['system:kube-scheduler', 'system:kube-controller-manager', 'system:serviceaccount:kube-system:job-controller', 'system:serviceaccount:kube-system:generic-garbage-collector', 'system:serviceaccount:kube-system:namespace-controller', 'system:serviceaccount:kube-system:pod-garbage-collector', 'system:serviceaccount:kube-system:ttl-after-finished-controller', 'system:serviceaccount:kube-system:root-ca-cert-publisher', 'system:serviceaccount:kube-system:node-controller', 'system:serviceaccount:kube-system:taint-eviction-controller', 'system:serviceaccount:kube-system:resourcequota-controller'] || variables.user.startsWith('system:node:')"
        },
        {
          "name": "installs",
          "expression": "request.resource.resource in ['networkpolicies', 'configmaps'] && authorizer.group('sentinel.dev').resource('sandboxes').check('administer').allowed()"
        },
        {
          "name": "publishes",
          "expression": "variables.user == 'system:serviceaccount:sentinel-system:sentinel-gateway' && request.resource.resource == 'configmaps' && request.operation == 'UPDATE' && request.name == 'sentinel-gateway-ca'"
        }
      ],
      "validations": [
        {
          "expression": "variables.user == 'system:serviceaccount:sentinel-system:sentinel-operator' || variables.controller || variables.installs || variables.publishes",
          "message": "sentinel: the namespace sentinel-sandboxes belongs to Sentinel's operator alone",
          "reason": "Forbidden"
        }
      ]
    },
    "metadata": {
      "name": "sentinel-sandbox-guard"
    }
  },
  {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicyBinding",
    "spec": {
      "policyName": "sentinel-sandbox-guard",
      "validationActions": [
        "Deny"
      ]
    },
    "metadata": {
      "name": "sentinel-sandbox-guard"
    }
  },
  {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicy",
    "spec": {
      "failurePolicy": "Fail",
      "matchConstraints": {
        "namespaceSelector": {
          "matchLabels": {
            "kubernetes.io/metadata.name": "sentinel-ledger"
          }
        },
        "resourceRules": [
          {
            "apiGroups": [
              ""
            ],
            "apiVersions": [
              "*"
            ],
            "operations": [
              "*"
            ],
            "resources": [
              "pods",
              "pods/*",
              "serviceaccounts/token",
              "bindings",
              "secrets",
              "configmaps",
              "replicationcontrollers"
            ]
          },
          {
            "apiGroups": [
              "batch",
              "apps"
            ],
            "apiVersions": [
              "*"
            ],
            "operations": [
              "*"
            ],
            "resources": [
              "*"
            ]
          }
        ]
      },
      "variables": [
        {
          "name": "user",
          "expression": "request.userInfo.username"
        }
      ],
      "validations": [
        {
          "expression": "variables.user == 'system:serviceaccount:sentinel-system:sentinel-gateway' || variables.user in ['system:kube-controller-manager', 'system:serviceaccount:kube-system:generic-garbage-collector', 'system:serviceaccount:kube-system:namespace-controller', 'system:serviceaccount:kube-system:root-ca-cert-publisher']",
          "message": "sentinel: the namespace sentinel-ledger belongs to Sentinel's gateway alone",
          "reason": "Forbidden"
        }
      ]
    },
    "metadata": {
      "name": "sentinel-ledger-guard"
    }
  },
  {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicyBinding",
    "spec": {
      "policyName": "sentinel-ledger-guard",
      "validationActions": [
        "Deny"
      ]
    },
    "metadata": {
      "name": "sentinel-ledger-guard"
    }
  },
  {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicy",
    "spec": {
      "failurePolicy": "Fail",
      "matchConstraints": {
        "resourceRules": [
          {
            "apiGroups": [
              "sentinel.dev"
            ],
            "apiVersions": [
              "*"
            ],
            "operations": [
              "CREATE",
              "UPDATE"
            ],
            "resources": [
              "playbooks"
            ]
          }
        ]
      },
      "variables": [
        {
          "name": "user",
          "expression": "request.userInfo.username"
        },
        {
          "name": "collector",
          "expression": "variables.user in ['system:serviceaccount:kube-system:generic-garbage-collector', 'system:serviceaccount:kube-system:namespace-controller', 'system:kube-controller-manager']"
        },
        {
          "name": "create",
          "expression": "request.operation == 'CREATE'"
        },
        {
          "name": "annotations",
          "expression": "has(object.metadata.annotations) ? object.metadata.annotations : {}"
        },
        {
          "name": "oldAnnotations",
          "expression": "oldObject != null && has(oldObject.metadata.annotations) ? oldObject.metadata.annotations : {}"
        },
        {
          "name": "groups",
          "expression": "has(request.userInfo.groups) ? request.userInfo.groups : []"
        },
        {
          "name": "groupList",
          "expression": "variables.groups.size() == 0 ? '' : '\"' + variables.groups.join('\",\"') + '\"'"
        },
        {
          "name": "stamp",
          "expression": "'{\"user\":\"' + variables.user + '\",\"uid\":\"' + (has(request.userInfo.uid) ? request.userInfo.uid : '') + '\",\"groups\":[' + variables.groupList + ']}'"
        },
        {
          "name": "program",
          "expression": "variables.user.startsWith('system:serviceaccount:') || variables.user.startsWith('system:node:') || variables.user.startsWith('sentinel:') || (has(request.userInfo.extra) && 'authentication.kubernetes.io/pod-name' in request.userInfo.extra)"
        },
        {
          "name": "plain",
          "expression": "([variables.user, has(request.userInfo.uid) ? request.userInfo.uid : ''] + variables.groups).all(n, n.matches(r'^[^\"\\\\]*$'))"
        },
        {
          "name": "asked",
          "expression": "has(request.options) && has(request.options.fieldManager) ? request.options.fieldManager : ''"
        },
        {
          "name": "sameSpec",
          "expression": "!variables.create && object.spec == oldObject.spec"
        },
        {
          "name": "author",
          "expression": "'sentinel.dev/author' in variables.annotations ? variables.annotations['sentinel.dev/author'] : ''"
        },
        {
          "name": "oldAuthor",
          "expression": "'sentinel.dev/author' in variables.oldAnnotations ? variables.oldAnnotations['sentinel.dev/author'] : ''"
        },
        {
          "name": "trust",
          "expression": "'sentinel.dev/trust' in variables.annotations ? variables.annotations['sentinel.dev/trust'] : ''"
        },
        {
          "name": "oldTrust",
          "expression": "'sentinel.dev/trust' in variables.oldAnnotations ? variables.oldAnnotations['sentinel.dev/trust'] : ''"
        },
        {
          "name": "trusted",
          "expression": "variables.trust != '' && variables.trust != variables.oldTrust"
        },
        {
          "name": "digest",
          "expression": "oldObject != null && has(oldObject.status) && has(oldObject.status.digest) ? oldObject.status.digest : ''"
        },
        {
          "name": "prefix",
          "expression": "oldObject == null ? '' : '{\"playbook\":\"' + oldObject.metadata.uid + '\",\"digest\":\"' + variables.digest + '\",\"user\":\"' + variables.user + '\",\"groups\":[' + variables.groupList + '],\"time\":\"'"
        },
        {
          "name": "sameOthers",
          "expression": "variables.annotations.all(k, k == 'sentinel.dev/trust' || (k in variables.oldAnnotations && variables.oldAnnotations[k] == variables.annotations[k])) && variables.oldAnnotations.all(k, k == 'sentinel.dev/trust' || k in variables.annotations)"
        }
      ],
      "validations": [
        {
          "expression": "!variables.user.startsWith('sentinel:')",
          "message": "sentinel: no run may write Playbooks",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.sameSpec ? variables.author == variables.oldAuthor : variables.author == variables.stamp",
          "message": "sentinel: the annotation sentinel.dev/author must name who wrote the Playbook as it stands",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.sameSpec || variables.trust == ''",
          "message": "sentinel: a Playbook that changes is not trusted any more: someone must trust it anew",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.trusted || (variables.digest != '' && variables.trust.startsWith(variables.prefix) && variables.trust.substring(variables.prefix.size()).matches(r'^[^\"\\\\]*\",\"key\":\"[^\"\\\\]*\",\"seal\":\"[^\"\\\\]*\"\\}$'))",
          "message": "sentinel: the trust was not sealed for this Playbook as it stands: Sentinel's webhook did not take part, or the Playbook has changed",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.trusted || variables.asked == 'trust:' + variables.digest",
          "messageExpression": "'sentinel: the request must say itself that it trusts this Playbook as it stands: add --field-manager=trust:' + variables.digest",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.asked.startsWith('trust:') || variables.trusted",
          "message": "sentinel: the trust that was asked for was not recorded: Sentinel's webhook did not take part; nothing is trusted",
          "reason": "Forbidden"
        },
        {
          "expression": "(variables.sameSpec && !variables.trusted) || variables.plain",
          "message": "sentinel: your user or group name contains a quote or a backslash; it cannot be recorded exactly",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.trusted || !variables.program",
          "message": "sentinel: programs can not trust a Playbook, only people can",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.trusted || !variables.oldAuthor.startsWith('{\"user\":\"' + variables.user + '\",')",
          "message": "sentinel: you wrote this Playbook: somebody else must trust it",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.trusted || authorizer.group('sentinel.dev').resource('playbooks').namespace(request.namespace).name(request.name).check('trust').allowed()",
          "message": "sentinel: you do not hold the verb 'trust' on this Playbook",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.trusted || variables.sameOthers",
          "message": "sentinel: trust must be the only change of an update",
          "reason": "Forbidden"
        }
      ]
    },
    "metadata": {
      "name": "sentinel-playbooks"
    }
  },
  {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicyBinding",
    "spec": {
      "policyName": "sentinel-playbooks",
      "validationActions": [
        "Deny"
      ]
    },
    "metadata": {
      "name": "sentinel-playbooks"
    }
  },
  {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicy",
    "spec": {
      "failurePolicy": "Fail",
      "matchConstraints": {
        "resourceRules": [
          {
            "apiGroups": [
              "admissionregistration.k8s.io"
            ],
            "apiVersions": [
              "*"
            ],
            "operations": [
              "*"
            ],
            "resources": [
              "mutatingwebhookconfigurations",
              "validatingwebhookconfigurations"
            ],
            "scope": "*"
          }
        ]
      },
      "matchConditions": [
        {
          "name": "webhook",
          "expression": "request.userInfo.username == 'system:serviceaccount:sentinel-system:sentinel-webhook'"
        }
      ],
      "validations": [
        {
          "expression": "request.operation == 'UPDATE' && request.name == 'sentinel' && has(object.webhooks) && has(oldObject.webhooks) && object.webhooks.size() == oldObject.webhooks.size() && object.webhooks.all(w, oldObject.webhooks.exists(o, o.name == w.name && w.all(k, k == 'clientConfig' || (k in o && o[k] == w[k])) && o.all(k, k in w) && w.clientConfig.all(k, k == 'caBundle' || (k in o.clientConfig && o.clientConfig[k] == w.clientConfig[k])) && o.clientConfig.all(k, k == 'caBundle' || k in w.clientConfig)))",
          "message": "sentinel: Sentinel's webhook may change nothing of its configuration but the CA bundle",
          "reason": "Forbidden"
        },
        {
          "expression": "request.operation == 'UPDATE' && object.all(k, k in ['metadata', 'webhooks'] || (k in oldObject && oldObject[k] == object[k])) && oldObject.all(k, k in object) && object.metadata.all(k, k in ['managedFields', 'generation', 'resourceVersion'] || (k in oldObject.metadata && oldObject.metadata[k] == object.metadata[k])) && oldObject.metadata.all(k, k == 'managedFields' || k in object.metadata)",
          "message": "sentinel: Sentinel's webhook may not change the metadata of its configuration",
          "reason": "Forbidden"
        }
      ]
    },
    "metadata": {
      "name": "sentinel-webhook-configuration"
    }
  },
  {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicyBinding",
    "spec": {
      "policyName": "sentinel-webhook-configuration",
      "validationActions": [
        "Deny"
      ]
    },
    "metadata": {
      "name": "sentinel-webhook-configuration"
    }
  },
  {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "spec": {
      "podSelector": {},
      "policyTypes": [
        "Ingress",
        "Egress"
      ]
    },
    "metadata": {
      "name": "sentinel-default-deny",
      "namespace": "sentinel-sandboxes"
    }
  },
  {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "spec": {
      "podSelector": {},
      "policyTypes": [
        "Egress"
      ],
      "egress": [
        {
          "to": [
            {
              "namespaceSelector": {
                "matchLabels": {
                  "kubernetes.io/metadata.name": "sentinel-system"
                }
              },
              "podSelector": {
                "matchLabels": {
                  "app.kubernetes.io/name": "sentinel",
                  "app.kubernetes.io/component": "gateway"
                }
              }
            }
          ],
          "ports": [
            {
              "protocol": "TCP",
              "port": 8443
            }
          ]
        }
      ]
    },
    "metadata": {
      "name": "sentinel-sandbox-egress",
      "namespace": "sentinel-sandboxes"
    }
  },
  {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "MutatingWebhookConfiguration",
    "webhooks": [
      {
        "name": "actions.sentinel.dev",
        "admissionReviewVersions": [
          "v1"
        ],
        "sideEffects": "None",
        "failurePolicy": "Fail",
        "matchPolicy": "Equivalent",
        "timeoutSeconds": 5,
        "clientConfig": {
          "service": {
            "name": "sentinel-webhook",
            "namespace": "sentinel-system",
            "path": "/mutate"
          }
        },
        "rules": [
          {
            "apiGroups": [
              "sentinel.dev"
            ],
            "apiVersions": [
              "*"
            ],
            "operations": [
              "CREATE",
              "UPDATE"
            ],
            "resources": [
              "agentactions",
              "playbooks"
            ],
            "scope": "Namespaced"
          }
        ],
        "matchConditions": [
          {
            "name": "not-exempt",
            "expression": "!(request.userInfo.username in ['system:serviceaccount:sentinel-system:sentinel-operator', 'system:serviceaccount:kube-system:generic-garbage-collector', 'system:serviceaccount:kube-system:namespace-controller'])"
          }
        ]
      }
    ],
    "metadata": {
      "name": "sentinel"
    }
  },
  {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingWebhookConfiguration",
    "webhooks": [
      {
        "name": "policies.sentinel.dev",
        "admissionReviewVersions": [
          "v1"
        ],
        "sideEffects": "None",
        "failurePolicy": "Ignore",
        "matchPolicy": "Equivalent",
        "timeoutSeconds": 5,
        "clientConfig": {
          "service": {
            "name": "sentinel-webhook",
            "namespace": "sentinel-system",
            "path": "/validate"
          }
        },
        "rules": [
          {
            "apiGroups": [
              "sentinel.dev"
            ],
            "apiVersions": [
              "*"
            ],
            "operations": [
              "CREATE",
              "UPDATE",
              "DELETE"
            ],
            "resources": [
              "agentpolicies",
              "clusteragentpolicies"
            ],
            "scope": "*"
          }
        ],
        "matchConditions": [
          {
            "name": "not-exempt",
            "expression": "!(request.userInfo.username in ['system:serviceaccount:kube-system:generic-garbage-collector', 'system:serviceaccount:kube-system:namespace-controller'])"
          }
        ]
      }
    ],
    "metadata": {
      "name": "sentinel"
    }
  }
];

/** The labels of the sandbox namespace that Kubernetes enforces Pod Security by. */
export const sandboxNamespaceLabels: Readonly<Record<string, string>> = {
  "pod-security.kubernetes.io/enforce": "restricted",
  "pod-security.kubernetes.io/enforce-version": "latest"
};
