// Generated from charts/sentinel/templates by `make generate`; not edited by hand.
import type { AnyObject } from '@sentinel/kube';

/** Each guard as the chart renders it, without labels and annotations; $(NAME) stands for a value of the release. */
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
          "name": "scheduled",
          "expression": "'sentinel.dev/requested-by' in variables.oldAnnotations && variables.oldAnnotations['sentinel.dev/requested-by'].startsWith('{\"user\":\"system:serviceaccount:sentinel-schedules:schedule\",')"
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
          "name": "uidText",
          "expression": "has(request.userInfo.uid) && request.userInfo.uid != '' ? '\",\"uid\":\"' + request.userInfo.uid + '\",\"groups\":[' : ''"
        },
        {
          "name": "stamps",
          "expression": "(('sentinel.dev/requested-by' in variables.oldAnnotations ? variables.oldAnnotations['sentinel.dev/requested-by'] : '') + '\\n' + variables.oldAmendedBy).split('\\n')"
        },
        {
          "name": "asker",
          "expression": "variables.stamps.exists(line, line.startsWith('{\"user\":\"' + variables.user + '\",') || (variables.uidText != '' && line.contains(variables.uidText))) || (oldObject != null && has(oldObject.spec.onBehalfOf) && (oldObject.spec.onBehalfOf.user == variables.user || (has(oldObject.spec.onBehalfOf.authors) && variables.user in oldObject.spec.onBehalfOf.authors)))"
        },
        {
          "name": "actor",
          "expression": "'{\"user\":\"' + variables.user + '\",\"uid\":\"' + (has(request.userInfo.uid) ? request.userInfo.uid : '') + '\"}'"
        },
        {
          "name": "changedBy",
          "expression": "'sentinel.dev/changed-by' in variables.annotations ? variables.annotations['sentinel.dev/changed-by'] : ''"
        },
        {
          "name": "oldChangedBy",
          "expression": "'sentinel.dev/changed-by' in variables.oldAnnotations ? variables.oldAnnotations['sentinel.dev/changed-by'] : ''"
        },
        {
          "name": "cancelledBy",
          "expression": "'sentinel.dev/cancelled-by' in variables.annotations ? variables.annotations['sentinel.dev/cancelled-by'] : ''"
        },
        {
          "name": "oldCancelledBy",
          "expression": "'sentinel.dev/cancelled-by' in variables.oldAnnotations ? variables.oldAnnotations['sentinel.dev/cancelled-by'] : ''"
        },
        {
          "name": "cancels",
          "expression": "has(object.spec.cancelled) && object.spec.cancelled && (variables.create || !has(oldObject.spec.cancelled) || !oldObject.spec.cancelled)"
        },
        {
          "name": "program",
          "expression": "variables.user.startsWith('system:') || variables.user.startsWith('sentinel:') || variables.groups.exists(g, g in ['system:serviceaccounts', 'system:nodes', 'system:unauthenticated']) || 'authentication.kubernetes.io/pod-name' in variables.extra"
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
          "name": "hasApproved",
          "expression": "variables.oldApprovals.split('\\n').exists(line, line.contains('\"plan\":\"' + variables.plan + '\"') && (line.contains('},\"decision\":\"approve\",') || line.contains('},\"decision\":\"request-changes\",')) && (line.contains(',\"user\":\"' + variables.user + '\",') || (variables.uidText != '' && line.contains(variables.uidText))))"
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
          "name": "said",
          "expression": "variables.word.contains('\"') ? variables.word.substring(0, variables.word.indexOf('\"')) : ''"
        },
        {
          "name": "resolves",
          "expression": "variables.said in ['accept', 'redo', 'roll-back']"
        },
        {
          "name": "effect",
          "expression": "variables.resolves && variables.word.contains(',\"time\"') && variables.word.contains('\"effect\":') ? variables.word.substring(variables.said.size() + 11, variables.word.indexOf(',\"time\"')) : ''"
        },
        {
          "name": "wanted",
          "expression": "variables.said + ':' + variables.plan + (!variables.resolves ? '' : ':' + (variables.effect.matches('^[0-9]{1,3}$') ? string(int(variables.effect) + 1) : '?'))"
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
          "name": "onlyCancels",
          "expression": "!variables.create && object.spec.all(k, k in ['cancelled', 'cancelComment'] || (k in oldObject.spec && object.spec[k] == oldObject.spec[k])) && oldObject.spec.all(k, k in ['cancelled', 'cancelComment'] || k in object.spec)"
        },
        {
          "name": "changesRequested",
          "expression": "variables.plan != '' && variables.oldApprovals.split('\\n').exists(line, line.contains('\"plan\":\"' + variables.plan + '\"') && line.contains('},\"decision\":\"request-changes\",'))"
        },
        {
          "name": "sameLabels",
          "expression": "variables.create || (has(object.metadata.labels) == has(oldObject.metadata.labels) && (!has(object.metadata.labels) || object.metadata.labels == oldObject.metadata.labels))"
        },
        {
          "name": "sameOthers",
          "expression": "variables.annotations.all(k, k == 'sentinel.dev/approvals' || (k in variables.oldAnnotations && variables.oldAnnotations[k] == variables.annotations[k])) && variables.oldAnnotations.all(k, k == 'sentinel.dev/approvals' || k in variables.annotations)"
        },
        {
          "name": "oldLabels",
          "expression": "oldObject != null && has(oldObject.metadata.labels) ? oldObject.metadata.labels : {}"
        },
        {
          "name": "tooLarge",
          "expression": "variables.oldLabels.size() > 64 || variables.oldLabels.map(k, k.size() + variables.oldLabels[k].size()).sum() > 16384 || variables.oldAnnotations.size() > 64 || variables.oldAnnotations.map(k, k.size() + bytes(variables.oldAnnotations[k]).size()).sum() > 49152"
        },
        {
          "name": "trims",
          "expression": "variables.tooLarge && (!has(object.metadata.labels) || object.metadata.labels.all(k, k in variables.oldLabels && object.metadata.labels[k] == variables.oldLabels[k])) && variables.annotations.all(k, k in variables.oldAnnotations && variables.annotations[k] == variables.oldAnnotations[k]) && ['sentinel.dev/requested-by', 'sentinel.dev/amended-by', 'sentinel.dev/approvals'].all(k, (k in variables.annotations) == (k in variables.oldAnnotations))"
        }
      ],
      "validations": [
        {
          "expression": "!('sentinel.dev/decision' in variables.annotations) && !('sentinel.dev/plan' in variables.annotations) && !('sentinel.dev/effect' in variables.annotations) && !('sentinel.dev/comment' in variables.annotations)",
          "message": "sentinel: the decision was not sealed, so nothing was decided: Sentinel's webhook did not run; try again when it runs",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.create ? ('sentinel.dev/requested-by' in variables.annotations && variables.annotations['sentinel.dev/requested-by'] == variables.stamp) : ('sentinel.dev/requested-by' in variables.annotations) == ('sentinel.dev/requested-by' in variables.oldAnnotations) && (!('sentinel.dev/requested-by' in variables.annotations) || variables.annotations['sentinel.dev/requested-by'] == variables.oldAnnotations['sentinel.dev/requested-by'])",
          "message": "sentinel: the annotation sentinel.dev/requested-by must name who creates the action, and must not change",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.create || variables.approvals == ''",
          "message": "sentinel: a new action must not contain decisions: it has no plan yet",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.decided || variables.create || variables.appended",
          "message": "sentinel: sealed decisions must not be changed or taken away, only added to",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.decided || variables.create || (variables.plan != '' && !variables.line.contains('\\n') && variables.line.startsWith(variables.prefix) && variables.word.matches(r'^((approve|reject|revoke|request-changes)\"|(accept|redo|roll-back)\",\"effect\":(0|[1-9][0-9]{0,2})),\"time\":\"[^\"\\\\]*\"(,\"expires\":\"[^\"\\\\]*\")?(,\"exemptBy\":\"[^\"\\\\]*\")?(,\"comment\":\"([^\"\\\\]|\\\\.)*\")?,\"key\":\"[^\"\\\\]*\",\"seal\":\"[^\"\\\\]*\"\\}$'))",
          "message": "sentinel: a decision must name this action, its current plan, and who makes it; a resolution must name its effect as well",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.decided || variables.create || (variables.plainClaims && variables.claims == variables.trueClaims)",
          "message": "sentinel: a decision must name the claims of who makes it as the API server authenticated them",
          "reason": "Forbidden"
        },
        {
          "expression": "(!variables.create && variables.sameSpec && !variables.decided) || variables.plain || (!variables.create && !variables.decided && variables.requester && [variables.user, has(request.userInfo.uid) ? request.userInfo.uid : ''].all(n, n.matches(r'^[^\"\\\\]*$')))",
          "message": "sentinel: your user or group name contains a quote or a backslash; it cannot be recorded exactly",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.decided || variables.create || !(variables.said == 'approve' || variables.resolves) || variables.asked == variables.wanted",
          "messageExpression": "'sentinel: the request itself must say that it ' + (variables.resolves ? 'resolves this effect' : 'approves this plan') + ': add --field-manager=' + variables.wanted",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.create || !variables.asked.matches('^(approve|reject|revoke|request-changes|accept|redo|roll-back):') || (variables.decided && variables.asked == variables.wanted)",
          "message": "sentinel: the decision was not recorded as requested: Sentinel's webhook did not run, or changed it; nothing was decided",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.decided || variables.create || variables.approvals.split('\\n').size() <= (variables.resolves ? 56 : variables.said == 'reject' ? 32 : 24)",
          "message": "sentinel: too many decisions on this action: reject it, or create it again",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.decided || variables.create || !variables.program",
          "message": "sentinel: programs cannot decide, only people can",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.decided || variables.create || !((variables.said == 'approve' || variables.resolves) && variables.asker)",
          "message": "sentinel: you asked for this action, or edited it, or the agent acts on your behalf: somebody else must approve it or resolve its effects",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.decided || variables.create || !variables.word.startsWith('revoke\"') || variables.hasApproved",
          "message": "sentinel: you have not approved this plan, so there is nothing to revoke; to stop the action, reject it",
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
          "message": "sentinel: the finalizers of an action must not be changed; to end the action, cancel or delete it",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.create ? !has(object.metadata.ownerReferences) || object.metadata.ownerReferences.size() == 0 : variables.collector || (has(object.metadata.ownerReferences) == has(oldObject.metadata.ownerReferences) && (!has(object.metadata.ownerReferences) || object.metadata.ownerReferences == oldObject.metadata.ownerReferences))",
          "message": "sentinel: the owners of an action must not be changed",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.amendedBy == (variables.sameSpec || variables.requester ? variables.oldAmendedBy : (variables.oldAmendedBy == '' ? variables.stamp : variables.oldAmendedBy + '\\n' + variables.stamp))",
          "message": "sentinel: the annotation sentinel.dev/amended-by must name who edits the action, unless that is the requester",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.changedBy == (variables.create ? '' : variables.sameSpec ? variables.oldChangedBy : variables.actor)",
          "message": "sentinel: the annotation sentinel.dev/changed-by must name who changes the action, and must not change without that",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.cancelledBy == (variables.cancels ? variables.actor : variables.oldCancelledBy)",
          "message": "sentinel: the annotation sentinel.dev/cancelled-by must name who cancels the action, and must not change without that",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.sameSpec || variables.requester || authorizer.group('sentinel.dev').resource('agentactions').namespace(request.namespace).name(request.name).check('amend').allowed()",
          "message": "sentinel: only the requester, or a user with the verb 'amend', may edit or cancel an action",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.sameSpec || variables.state in ['Pending', 'Rehearsing', 'AwaitingApproval', 'ChangesRequested', 'Starting', 'Suspended'] || variables.onlyCancels",
          "message": "sentinel: the real run has begun: the action can only be cancelled now",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.sameSpec || variables.onlyCancels || !variables.scheduled",
          "message": "sentinel: an action of a schedule can only be cancelled or rejected: cancel it, and correct the Playbook",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.sameSpec || variables.requester || variables.onlyCancels || !variables.changesRequested",
          "message": "sentinel: people have asked for changes of this plan: only the requester of the action may revise it; others may cancel or reject it",
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
          "expression": "variables.create || !variables.operator || (variables.sameSpec && ((variables.sameLabels && variables.annotations == variables.oldAnnotations) || variables.trims))",
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
              "UPDATE",
              "DELETE"
            ],
            "resources": [
              "actionplans",
              "actionplanparts"
            ]
          }
        ]
      },
      "validations": [
        {
          "expression": "request.operation == 'UPDATE' ? object.spec == oldObject.spec : request.operation == 'DELETE' || request.userInfo.username == 'system:serviceaccount:sentinel-system:sentinel-operator'",
          "message": "sentinel: only Sentinel's operator writes plans, and a plan never changes",
          "reason": "Forbidden"
        },
        {
          "expression": "request.operation != 'DELETE' || !has(oldObject.metadata.ownerReferences) || oldObject.metadata.ownerReferences.size() == 0 || request.userInfo.username in ['system:serviceaccount:sentinel-system:sentinel-operator', 'system:serviceaccount:kube-system:generic-garbage-collector', 'system:serviceaccount:kube-system:namespace-controller', 'system:kube-controller-manager']",
          "message": "sentinel: plans are deleted with their action: delete the AgentAction, or cancel it (spec.cancelled: true)",
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
              "apiregistration.k8s.io"
            ],
            "apiVersions": [
              "*"
            ],
            "operations": [
              "*"
            ],
            "resources": [
              "apiservices",
              "apiservices/*"
            ],
            "scope": "*"
          }
        ]
      },
      "matchConditions": [
        {
          "name": "evidence",
          "expression": "request.userInfo.username == 'system:serviceaccount:sentinel-system:sentinel-evidence'"
        }
      ],
      "validations": [
        {
          "expression": "request.operation == 'UPDATE' && object.spec.all(k, k == 'caBundle' || (k in oldObject.spec && oldObject.spec[k] == object.spec[k])) && oldObject.spec.all(k, k == 'caBundle' || k in object.spec) && object.metadata.all(k, k in ['managedFields', 'generation', 'resourceVersion'] || (k in oldObject.metadata && oldObject.metadata[k] == object.metadata[k])) && oldObject.metadata.all(k, k == 'managedFields' || k in object.metadata)",
          "message": "sentinel: the evidence store may change nothing of the registration of its API but the CA bundle",
          "reason": "Forbidden"
        }
      ]
    },
    "metadata": {
      "name": "sentinel-evidence-registration"
    }
  },
  {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicyBinding",
    "spec": {
      "policyName": "sentinel-evidence-registration",
      "validationActions": [
        "Deny"
      ]
    },
    "metadata": {
      "name": "sentinel-evidence-registration"
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
          "name": "kind",
          "expression": "request.resource.resource + (has(request.subResource) && request.subResource != '' ? '/' + request.subResource : '')"
        },
        {
          "name": "pulls",
          "expression": "request.resource.resource == 'secrets' && (object == null || (has(object.type) && object.type in ['kubernetes.io/dockerconfigjson', 'kubernetes.io/dockercfg'])) && (oldObject == null || (has(oldObject.type) && oldObject.type in ['kubernetes.io/dockerconfigjson', 'kubernetes.io/dockercfg'])) && (variables.user == 'system:serviceaccount:openshift-infra:serviceaccount-pull-secrets-controller' || authorizer.group('sentinel.dev').resource('sandboxes').check('administer').allowed())"
        },
        {
          "name": "schedules",
          "expression": "variables.kind == 'pods/binding' && authorizer.group('sentinel.dev').resource('sandboxes').check('schedule').allowed()"
        },
        {
          "name": "evicts",
          "expression": "variables.kind == 'pods/eviction' && request.operation == 'CREATE'"
        },
        {
          "name": "tidies",
          "expression": "variables.kind == 'pods' && request.operation == 'DELETE' && oldObject != null && has(oldObject.status) && has(oldObject.status.phase) && oldObject.status.phase in ['Succeeded', 'Failed'] && !(has(oldObject.metadata.finalizers) && 'batch.kubernetes.io/job-tracking' in oldObject.metadata.finalizers)"
        },
        {
          "name": "publishes",
          "expression": "variables.user == 'system:serviceaccount:sentinel-system:sentinel-gateway' && request.resource.resource == 'configmaps' && request.operation == 'UPDATE' && request.name == 'sentinel-gateway-ca'"
        }
      ],
      "validations": [
        {
          "expression": "variables.user == 'system:serviceaccount:sentinel-system:sentinel-operator' || variables.controller || variables.installs || variables.publishes || variables.pulls || variables.schedules || variables.evicts || variables.tidies",
          "messageExpression": "variables.kind == 'pods' && request.operation == 'DELETE' ? \"sentinel: the sandbox '\" + request.name + \"' has not ended, or has only just. Wait until it has and delete it again, or cancel its action (spec.cancelled: true)\" : \"sentinel: the namespace sentinel-sandboxes belongs to Sentinel's operator alone\"",
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
      "paramKind": {
        "apiVersion": "v1",
        "kind": "Pod"
      },
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
              "CREATE"
            ],
            "resources": [
              "pods/eviction"
            ]
          }
        ]
      },
      "validations": [
        {
          "expression": "params.metadata.name != request.name || (has(params.status) && has(params.status.phase) && params.status.phase in ['Succeeded', 'Failed'] && !(has(params.metadata.finalizers) && 'batch.kubernetes.io/job-tracking' in params.metadata.finalizers))",
          "messageExpression": "\"sentinel: the sandbox '\" + request.name + \"' (action \" + (has(params.metadata.annotations) && 'sentinel.dev/action' in params.metadata.annotations ? params.metadata.annotations['sentinel.dev/action'] : 'unknown') + \") has not ended, and cannot go on elsewhere. Wait until it has and evict it again, or cancel the action (spec.cancelled: true)\"",
          "reason": "Forbidden"
        }
      ]
    },
    "metadata": {
      "name": "sentinel-sandbox-eviction"
    }
  },
  {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicyBinding",
    "spec": {
      "policyName": "sentinel-sandbox-eviction",
      "validationActions": [
        "Deny"
      ],
      "paramRef": {
        "selector": {
          "matchLabels": {
            "app.kubernetes.io/managed-by": "sentinel"
          }
        },
        "parameterNotFoundAction": "Allow"
      }
    },
    "metadata": {
      "name": "sentinel-sandbox-eviction"
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
              "playbooks",
              "agentpolicies",
              "clusteragentpolicies",
              "actionplans",
              "actionplanparts"
            ]
          }
        ]
      },
      "matchConditions": [
        {
          "name": "written-by-others",
          "expression": "!(request.userInfo.username in ['system:serviceaccount:sentinel-system:sentinel-operator', 'system:serviceaccount:kube-system:generic-garbage-collector', 'system:serviceaccount:kube-system:namespace-controller', 'system:kube-controller-manager'])"
        }
      ],
      "variables": [
        {
          "name": "owners",
          "expression": "has(object.metadata.ownerReferences) ? object.metadata.ownerReferences : []"
        },
        {
          "name": "oldOwners",
          "expression": "oldObject != null && has(oldObject.metadata.ownerReferences) ? oldObject.metadata.ownerReferences : []"
        },
        {
          "name": "plan",
          "expression": "request.resource.resource in ['actionplans', 'actionplanparts']"
        },
        {
          "name": "finalizers",
          "expression": "has(object.metadata.finalizers) ? object.metadata.finalizers.size() : 0"
        },
        {
          "name": "oldFinalizers",
          "expression": "oldObject != null && has(oldObject.metadata.finalizers) ? oldObject.metadata.finalizers.size() : 0"
        }
      ],
      "validations": [
        {
          "expression": "variables.owners == variables.oldOwners || !variables.plan || request.operation == 'CREATE'",
          "message": "sentinel: the owner of a plan is its action, with which it is deleted (metadata.ownerReferences): it cannot be changed. Delete the AgentAction to delete the plan",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.owners.size() == 0 || variables.owners == variables.oldOwners",
          "message": "sentinel: Playbooks, policies and plans must have no owners (metadata.ownerReferences): the garbage collector would delete them without a record of who did it. Leave owners out, and delete the object itself when it is no longer needed",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.finalizers <= 16 || variables.finalizers <= variables.oldFinalizers",
          "message": "sentinel: an object may have at most 16 finalizers, so that its status and decisions always fit: remove some",
          "reason": "Invalid"
        }
      ]
    },
    "metadata": {
      "name": "sentinel-owners"
    }
  },
  {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicyBinding",
    "spec": {
      "policyName": "sentinel-owners",
      "validationActions": [
        "Deny"
      ]
    },
    "metadata": {
      "name": "sentinel-owners"
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
              "DELETE"
            ],
            "resources": [
              "agentactions"
            ]
          }
        ]
      },
      "validations": [
        {
          "expression": "!has(request.options) || request.options == null || !((has(request.options.propagationPolicy) && request.options.propagationPolicy == 'Orphan') || (has(request.options.orphanDependents) && request.options.orphanDependents))",
          "message": "sentinel: an action is deleted with its plans: delete it without --cascade=orphan (propagationPolicy: Orphan)",
          "reason": "Invalid"
        }
      ]
    },
    "metadata": {
      "name": "sentinel-action-cascade"
    }
  },
  {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicyBinding",
    "spec": {
      "policyName": "sentinel-action-cascade",
      "validationActions": [
        "Deny"
      ]
    },
    "metadata": {
      "name": "sentinel-action-cascade"
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
          "expression": "variables.user.startsWith('system:') || variables.user.startsWith('sentinel:') || variables.groups.exists(g, g in ['system:serviceaccounts', 'system:nodes', 'system:unauthenticated']) || (has(request.userInfo.extra) && 'authentication.kubernetes.io/pod-name' in request.userInfo.extra)"
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
          "name": "authors",
          "expression": "'sentinel.dev/authors' in variables.annotations ? variables.annotations['sentinel.dev/authors'] : ''"
        },
        {
          "name": "oldAuthors",
          "expression": "'sentinel.dev/authors' in variables.oldAnnotations ? variables.oldAnnotations['sentinel.dev/authors'] : ''"
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
          "name": "kept",
          "expression": "variables.oldTrust == '' || variables.oldTrust.startsWith('{\"withdrawal\":\"') ? variables.oldAuthors : ''"
        },
        {
          "name": "authorsAfter",
          "expression": "variables.kept == '' ? variables.stamp : ('\\n' + variables.kept + '\\n').contains('\\n' + variables.stamp + '\\n') ? variables.kept : variables.kept + '\\n' + variables.stamp"
        },
        {
          "name": "withdrawn",
          "expression": "variables.trust.startsWith('{\"withdrawal\":\"')"
        },
        {
          "name": "digest",
          "expression": "oldObject != null && has(oldObject.status) && has(oldObject.status.digest) ? oldObject.status.digest : ''"
        },
        {
          "name": "prefix",
          "expression": "oldObject == null ? '' : '{\"' + (variables.withdrawn ? 'withdrawal' : 'playbook') + '\":\"' + oldObject.metadata.uid + '\",\"digest\":\"' + variables.digest + '\",\"user\":\"' + variables.user + '\",\"uid\":\"' + (has(request.userInfo.uid) ? request.userInfo.uid : '') + '\",\"groups\":[' + variables.groupList + '],\"time\":\"'"
        },
        {
          "name": "uidText",
          "expression": "has(request.userInfo.uid) && request.userInfo.uid != '' ? '\",\"uid\":\"' + request.userInfo.uid + '\",\"groups\":[' : ''"
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
          "expression": "variables.authors == (variables.sameSpec ? variables.oldAuthors : variables.authorsAfter)",
          "message": "sentinel: the annotation sentinel.dev/authors must name everyone who wrote the Playbook since it was last trusted",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.sameSpec || bytes(variables.authors).size() <= 65536",
          "message": "sentinel: too many people have edited this Playbook since it was last trusted: have somebody trust it, or delete it and create it again",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.sameSpec || variables.trust == ''",
          "message": "sentinel: a Playbook that changes is not trusted any more: someone must trust it again",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.sameSpec || !variables.oldTrust.startsWith('{\"withdrawal\":\"') || variables.trust != ''",
          "message": "sentinel: the withdrawal of trust in this Playbook cannot be removed: trust the Playbook instead",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.trusted || (variables.digest != '' && variables.trust.startsWith(variables.prefix) && variables.trust.substring(variables.prefix.size()).matches(r'^[^\"\\\\]*\"(,\"exemptBy\":\"[^\"\\\\]*\")?,\"key\":\"[^\"\\\\]*\",\"seal\":\"[^\"\\\\]*\"\\}$'))",
          "message": "sentinel: the trust was not sealed for the current digest of this Playbook: Sentinel's webhook did not run, or the Playbook has changed",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.trusted || variables.asked == (variables.withdrawn ? 'distrust:' : 'trust:') + variables.digest",
          "messageExpression": "'sentinel: the request itself must say that it ' + (variables.withdrawn ? 'withdraws the trust in' : 'trusts') + ' this Playbook with its current digest: add --field-manager=' + (variables.withdrawn ? 'distrust:' : 'trust:') + variables.digest",
          "reason": "Forbidden"
        },
        {
          "expression": "!(variables.asked.startsWith('trust:') || variables.asked.startsWith('distrust:')) || variables.trusted",
          "message": "sentinel: the trust was not recorded as requested: Sentinel's webhook did not run; the Playbook is not trusted",
          "reason": "Forbidden"
        },
        {
          "expression": "(variables.sameSpec && !variables.trusted) || variables.plain",
          "message": "sentinel: your user or group name contains a quote or a backslash; it cannot be recorded exactly",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.trusted || !variables.program",
          "message": "sentinel: programs cannot trust a Playbook or withdraw trust, only people can",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.trusted || variables.withdrawn || !(('\\n' + variables.oldAuthors).contains('\\n{\"user\":\"' + variables.user + '\",') || (variables.uidText != '' && variables.oldAuthors.contains(variables.uidText)))",
          "message": "sentinel: you wrote this Playbook, or a part of it: somebody else must trust it",
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
              "actionplans",
              "playbooks",
              "agentpolicies",
              "clusteragentpolicies"
            ]
          }
        ]
      },
      "matchConditions": [
        {
          "name": "written-by-others",
          "expression": "!(request.userInfo.username in ['system:serviceaccount:sentinel-system:sentinel-operator', 'system:serviceaccount:kube-system:generic-garbage-collector', 'system:serviceaccount:kube-system:namespace-controller', 'system:kube-controller-manager'])"
        }
      ],
      "variables": [
        {
          "name": "create",
          "expression": "request.operation == 'CREATE'"
        },
        {
          "name": "own",
          "expression": "request.resource.resource == 'agentactions' ? ['sentinel.dev/requested-by', 'sentinel.dev/amended-by', 'sentinel.dev/changed-by', 'sentinel.dev/cancelled-by', 'sentinel.dev/approvals'] : request.resource.resource == 'playbooks' ? ['sentinel.dev/authors', 'sentinel.dev/trust', 'sentinel.dev/standing-approvals'] : ['']"
        },
        {
          "name": "labels",
          "expression": "has(object.metadata.labels) ? object.metadata.labels : {}"
        },
        {
          "name": "oldLabels",
          "expression": "oldObject != null && has(oldObject.metadata.labels) ? oldObject.metadata.labels : {}"
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
          "name": "foreign",
          "expression": "variables.annotations.map(k, k).filter(k, !(k in variables.own))"
        },
        {
          "name": "oldForeign",
          "expression": "variables.oldAnnotations.map(k, k).filter(k, !(k in variables.own))"
        },
        {
          "name": "labelBytes",
          "expression": "variables.labels.map(k, k.size() + variables.labels[k].size()).sum()"
        },
        {
          "name": "oldLabelBytes",
          "expression": "variables.oldLabels.map(k, k.size() + variables.oldLabels[k].size()).sum()"
        },
        {
          "name": "foreignBytes",
          "expression": "variables.foreign.map(k, k.size() + bytes(variables.annotations[k]).size()).sum()"
        },
        {
          "name": "oldForeignBytes",
          "expression": "variables.oldForeign.map(k, k.size() + bytes(variables.oldAnnotations[k]).size()).sum()"
        },
        {
          "name": "sameLabels",
          "expression": "variables.labels == variables.oldLabels"
        },
        {
          "name": "sameForeign",
          "expression": "variables.foreign.size() == variables.oldForeign.size() && variables.foreign.all(k, k in variables.oldAnnotations && variables.oldAnnotations[k] == variables.annotations[k])"
        },
        {
          "name": "fields",
          "expression": "has(object.metadata.managedFields) ? object.metadata.managedFields : []"
        },
        {
          "name": "oldFields",
          "expression": "oldObject != null && has(oldObject.metadata.managedFields) ? oldObject.metadata.managedFields : []"
        },
        {
          "name": "fieldsSize",
          "expression": "variables.fields.size() == 0 ? 0 : '%s'.format([variables.fields]).size()"
        },
        {
          "name": "oldFieldsSize",
          "expression": "variables.oldFields.size() == 0 ? 0 : '%s'.format([variables.oldFields]).size()"
        },
        {
          "name": "specMax",
          "expression": "request.resource.resource == 'agentactions' ? 98304 : 393216"
        },
        {
          "name": "decides",
          "expression": "request.resource.resource in ['agentactions', 'playbooks'] && (request.resource.resource == 'agentactions' ? ['sentinel.dev/approvals'] : ['sentinel.dev/trust', 'sentinel.dev/standing-approvals']).exists(k, k in variables.annotations && variables.annotations[k] != '' && (!(k in variables.oldAnnotations) || variables.annotations[k] != variables.oldAnnotations[k]))"
        },
        {
          "name": "cancels",
          "expression": "!variables.create && has(object.spec.cancelled) && object.spec.cancelled && !(has(oldObject.spec.cancelled) && oldObject.spec.cancelled)"
        }
      ],
      "validations": [
        {
          "expression": "variables.sameLabels || (variables.labels.size() <= 64 && variables.labelBytes <= 16384) || (!variables.create && variables.labels.size() <= variables.oldLabels.size() && variables.labelBytes <= variables.oldLabelBytes)",
          "message": "sentinel: an object may have at most 64 labels, of 16384 bytes together, so that its status always fits: remove some",
          "reason": "Invalid"
        },
        {
          "expression": "variables.sameForeign || (variables.foreign.size() <= 64 && variables.foreignBytes <= 49152) || (!variables.create && variables.foreign.size() <= variables.oldForeign.size() && variables.foreignBytes <= variables.oldForeignBytes)",
          "message": "sentinel: an object may have at most 64 annotations beside those of Sentinel, of 49152 bytes together, so that decisions always fit: remove some. 'kubectl apply' keeps a copy of the object in one: use 'kubectl apply --server-side' or 'kubectl create'",
          "reason": "Invalid"
        },
        {
          "expression": "variables.own.all(k, !(k in variables.annotations) || variables.annotations[k] != '' || (k in variables.oldAnnotations && variables.oldAnnotations[k] == ''))",
          "message": "sentinel: annotations that Sentinel writes must not be set to nothing; leave them out",
          "reason": "Forbidden"
        },
        {
          "expression": "((variables.decides || variables.cancels) && variables.fields.size() <= variables.oldFields.size() + 2 && variables.fieldsSize <= variables.oldFieldsSize + 4096) || (variables.fields.size() <= 24 && variables.fieldsSize <= 49152) || (!variables.create && variables.fields.size() <= variables.oldFields.size() && variables.fieldsSize <= variables.oldFieldsSize)",
          "message": "sentinel: too many field managers write this object (metadata.managedFields has more than 24 entries or 49152 characters): use one field manager, or empty metadata.managedFields",
          "reason": "Invalid"
        },
        {
          "expression": "request.resource.resource == 'actionplans' || (!variables.create && object.spec == oldObject.spec) || '%s'.format([object.spec]).size() <= variables.specMax || (!variables.create && '%s'.format([object.spec]).size() <= '%s'.format([oldObject.spec]).size())",
          "messageExpression": "'sentinel: the spec may have at most ' + string(variables.specMax) + ' characters, so that its status always fits: shorten it'",
          "reason": "Invalid"
        }
      ]
    },
    "metadata": {
      "name": "sentinel-room"
    }
  },
  {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicyBinding",
    "spec": {
      "policyName": "sentinel-room",
      "validationActions": [
        "Deny"
      ]
    },
    "metadata": {
      "name": "sentinel-room"
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
          "name": "create",
          "expression": "request.operation == 'CREATE'"
        },
        {
          "name": "own",
          "expression": "['sentinel.dev/requested-by', 'sentinel.dev/amended-by', 'sentinel.dev/changed-by', 'sentinel.dev/cancelled-by', 'sentinel.dev/approvals']"
        },
        {
          "name": "labels",
          "expression": "has(object.metadata.labels) ? object.metadata.labels : {}"
        },
        {
          "name": "oldLabels",
          "expression": "oldObject != null && has(oldObject.metadata.labels) ? oldObject.metadata.labels : {}"
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
          "name": "foreign",
          "expression": "variables.annotations.map(k, k).filter(k, !(k in variables.own))"
        },
        {
          "name": "oldForeign",
          "expression": "variables.oldAnnotations.map(k, k).filter(k, !(k in variables.own))"
        },
        {
          "name": "same",
          "expression": "variables.labels == variables.oldLabels && variables.foreign.size() == variables.oldForeign.size() && variables.foreign.all(k, k in variables.oldAnnotations && variables.oldAnnotations[k] == variables.annotations[k])"
        },
        {
          "name": "tooLarge",
          "expression": "variables.oldLabels.size() > 64 || variables.oldForeign.size() > 64 || variables.oldForeign.map(k, bytes(variables.oldAnnotations[k]).size()).sum() > 49152"
        },
        {
          "name": "removes",
          "expression": "variables.labels.all(k, k in variables.oldLabels && variables.labels[k] == variables.oldLabels[k]) && variables.foreign.all(k, k in variables.oldAnnotations && variables.annotations[k] == variables.oldAnnotations[k])"
        },
        {
          "name": "requester",
          "expression": "'sentinel.dev/requested-by' in variables.oldAnnotations && variables.oldAnnotations['sentinel.dev/requested-by'].startsWith('{\"user\":\"' + variables.user + '\",')"
        },
        {
          "name": "requestedBy",
          "expression": "'sentinel.dev/requested-by' in variables.annotations ? variables.annotations['sentinel.dev/requested-by'] : ''"
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
          "name": "asked",
          "expression": "has(request.options) && has(request.options.fieldManager) ? request.options.fieldManager : ''"
        },
        {
          "name": "line",
          "expression": "variables.decided && variables.approvals.size() > variables.oldApprovals.size() ? variables.approvals.substring(variables.oldApprovals.size()) : ''"
        },
        {
          "name": "share",
          "expression": "variables.line.contains('\"decision\":\"approve\"') ? 65536 : variables.line.contains('\"decision\":\"revoke\"') || variables.line.contains('\"decision\":\"request-changes\"') ? 98304 : 131072"
        },
        {
          "name": "cancels",
          "expression": "!variables.create && has(object.spec.cancelled) && object.spec.cancelled && !(has(oldObject.spec.cancelled) && oldObject.spec.cancelled)"
        }
      ],
      "validations": [
        {
          "expression": "variables.create || variables.same || variables.user == 'system:serviceaccount:sentinel-system:sentinel-operator' || variables.decided || variables.asked.matches('^(approve|reject|revoke|request-changes|accept|redo|roll-back):') || variables.requester || authorizer.group('sentinel.dev').resource('agentactions').namespace(request.namespace).name(request.name).check('amend').allowed() || (variables.tooLarge && variables.removes && authorizer.group('sentinel.dev').resource('agentactions').namespace(request.namespace).name(request.name).check('approve').allowed())",
          "message": "sentinel: only the requester, or a user with the verb 'amend', may change labels and annotations of an action",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.create || bytes(variables.requestedBy).size() <= 24576",
          "message": "sentinel: your user name and groups have more than 24576 bytes together: decisions on your action might not fit; use an identity with fewer groups",
          "reason": "Invalid"
        },
        {
          "expression": "['sentinel.dev/changed-by', 'sentinel.dev/cancelled-by'].all(k, !(k in variables.annotations) || bytes(variables.annotations[k]).size() <= 2048)",
          "message": "sentinel: the annotations sentinel.dev/changed-by and sentinel.dev/cancelled-by may have at most 2048 bytes: they name one person",
          "reason": "Invalid"
        },
        {
          "expression": "variables.create || variables.amendedBy == variables.oldAmendedBy || bytes(variables.amendedBy).size() <= (variables.cancels ? 49152 : 24576)",
          "message": "sentinel: others have edited this action too often: cancel it and create it again",
          "reason": "Invalid"
        },
        {
          "expression": "variables.create || !variables.decided || (bytes(variables.approvals).size() <= variables.share && bytes(variables.line).size() <= 32768)",
          "message": "sentinel: the decisions on this action have no room for another one of this kind: reject it, or create it again",
          "reason": "Forbidden"
        }
      ]
    },
    "metadata": {
      "name": "sentinel-action-room"
    }
  },
  {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicyBinding",
    "spec": {
      "policyName": "sentinel-action-room",
      "validationActions": [
        "Deny"
      ]
    },
    "metadata": {
      "name": "sentinel-action-room"
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
            "kubernetes.io/metadata.name": "sentinel-schedules"
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
              "cronjobs/*",
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
          "name": "kind",
          "expression": "request.resource.resource + (has(request.subResource) && request.subResource != '' ? '/' + request.subResource : '')"
        },
        {
          "name": "controller",
          "expression": "variables.user in ['system:kube-scheduler', 'system:kube-controller-manager', 'system:serviceaccount:kube-system:cronjob-controller', 'system:serviceaccount:kube-system:job-controller', 'system:serviceaccount:kube-system:generic-garbage-collector', 'system:serviceaccount:kube-system:namespace-controller', 'system:serviceaccount:kube-system:pod-garbage-collector', 'system:serviceaccount:kube-system:ttl-after-finished-controller', 'system:serviceaccount:kube-system:root-ca-cert-publisher', 'system:serviceaccount:kube-system:node-controller', 'system:serviceaccount:kube-system:taint-eviction-controller', 'system:serviceaccount:kube-system:resourcequota-controller'] || variables.user.startsWith('system:node:')"
        },
        {
          "name": "installs",
          "expression": "request.resource.resource in ['networkpolicies', 'configmaps'] && authorizer.group('sentinel.dev').resource('sandboxes').check('administer').allowed()"
        },
        {
          "name": "keeps",
          "expression": "variables.user == 'system:serviceaccount:sentinel-system:sentinel-operator' && variables.kind == 'cronjobs'"
        },
        {
          "name": "pulls",
          "expression": "request.resource.resource == 'secrets' && (object == null || (has(object.type) && object.type in ['kubernetes.io/dockerconfigjson', 'kubernetes.io/dockercfg'])) && (oldObject == null || (has(oldObject.type) && oldObject.type in ['kubernetes.io/dockerconfigjson', 'kubernetes.io/dockercfg'])) && (variables.user == 'system:serviceaccount:openshift-infra:serviceaccount-pull-secrets-controller' || authorizer.group('sentinel.dev').resource('sandboxes').check('administer').allowed())"
        },
        {
          "name": "evicts",
          "expression": "variables.kind == 'pods/eviction' || (variables.kind == 'pods' && request.operation == 'DELETE')"
        },
        {
          "name": "pod",
          "expression": "variables.kind == 'cronjobs' && object != null ? object.spec.jobTemplate.spec.template.spec : null"
        }
      ],
      "validations": [
        {
          "expression": "variables.keeps || variables.controller || variables.installs || variables.pulls || variables.evicts",
          "message": "sentinel: the namespace sentinel-schedules belongs to Sentinel: only its operator keeps CronJobs here. To run a Playbook now, create an AgentAction of it",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.pod == null || (has(variables.pod.serviceAccountName) && variables.pod.serviceAccountName == 'schedule' && variables.pod.containers.size() == 1 && !(has(variables.pod.initContainers) && variables.pod.initContainers.size() > 0) && !(has(variables.pod.volumes) && variables.pod.volumes.size() > 0) && !(has(variables.pod.hostNetwork) && variables.pod.hostNetwork) && variables.pod.containers.all(c, !has(c.command) && has(c.args) && c.args == ['schedule'] && !has(c.envFrom) && (!has(c.env) || c.env.all(e, e.name in ['SENTINEL_SCHEDULE_PLAYBOOK', 'SENTINEL_SCHEDULE_JOB'])) && !has(c.lifecycle) && !has(c.startupProbe) && !has(c.readinessProbe) && !has(c.livenessProbe)))",
          "message": "sentinel: a CronJob of a schedule has one container that creates an action, and nothing else",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.pod == null || variables.pod.containers.all(c, c.image == '$(image)')",
          "message": "sentinel: the pods of schedules run the image of this installation (`image` of the chart), and no other",
          "reason": "Forbidden"
        }
      ]
    },
    "metadata": {
      "name": "sentinel-schedule-guard"
    }
  },
  {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicyBinding",
    "spec": {
      "policyName": "sentinel-schedule-guard",
      "validationActions": [
        "Deny"
      ]
    },
    "metadata": {
      "name": "sentinel-schedule-guard"
    }
  },
  {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicy",
    "spec": {
      "failurePolicy": "Fail",
      "paramKind": {
        "apiVersion": "sentinel.dev/v1alpha1",
        "kind": "Playbook"
      },
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
              "CREATE"
            ],
            "resources": [
              "agentactions"
            ]
          }
        ]
      },
      "matchConditions": [
        {
          "name": "filed-by-a-schedule",
          "expression": "request.userInfo.username == 'system:serviceaccount:sentinel-schedules:schedule'"
        }
      ],
      "variables": [
        {
          "name": "given",
          "expression": "has(object.spec.parameters) ? object.spec.parameters : []"
        },
        {
          "name": "schedule",
          "expression": "has(params.spec.schedule) && !(has(params.spec.schedule.suspend) && params.spec.schedule.suspend)"
        },
        {
          "name": "wanted",
          "expression": "variables.schedule && has(params.spec.schedule.parameters) ? params.spec.schedule.parameters : []"
        },
        {
          "name": "other",
          "expression": "has(object.spec.playbookRef) && params.metadata.name != object.spec.playbookRef.name"
        },
        {
          "name": "behalf",
          "expression": "has(object.spec.onBehalfOf) ? object.spec.onBehalfOf.user : ''"
        },
        {
          "name": "byFloor",
          "expression": "has(params.status) && !has(params.status.trustedBy) && has(params.status.trustedByPolicies) && params.status.trustedByPolicies.size() > 0"
        },
        {
          "name": "authors",
          "expression": "has(params.metadata.annotations) && 'sentinel.dev/authors' in params.metadata.annotations ? '\\n' + params.metadata.annotations['sentinel.dev/authors'] : ''"
        }
      ],
      "validations": [
        {
          "expression": "variables.other || variables.schedule",
          "message": "sentinel: the account of schedules may only create actions of Playbooks with a schedule that is not suspended",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.other || (variables.given.size() == variables.wanted.size() && variables.given.all(p, variables.wanted.exists(q, q.name == p.name && q.value == p.value)))",
          "message": "sentinel: an action of a schedule must have the parameters of the schedule",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.other || (has(params.status) && has(params.status.trustedBy) && variables.behalf == params.status.trustedBy) || (variables.byFloor && variables.behalf != '' && variables.authors.contains('\\n{\"user\":\"' + variables.behalf + '\",'))",
          "message": "sentinel: an action of a schedule is filed on behalf of the person who trusted its Playbook, or of an author where the floor trusts it",
          "reason": "Forbidden"
        }
      ]
    },
    "metadata": {
      "name": "sentinel-scheduled-actions"
    }
  },
  {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicyBinding",
    "spec": {
      "policyName": "sentinel-scheduled-actions",
      "validationActions": [
        "Deny"
      ],
      "paramRef": {
        "selector": {},
        "parameterNotFoundAction": "Allow"
      }
    },
    "metadata": {
      "name": "sentinel-scheduled-actions"
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
              "agentactions"
            ]
          }
        ]
      },
      "variables": [
        {
          "name": "account",
          "expression": "request.userInfo.username == 'system:serviceaccount:sentinel-schedules:schedule'"
        },
        {
          "name": "creates",
          "expression": "request.operation == 'CREATE'"
        }
      ],
      "validations": [
        {
          "expression": "!variables.account || (variables.creates && has(object.spec.playbookRef) && !has(object.spec.steps) && has(object.spec.onBehalfOf) && !has(object.spec.target) && !has(object.spec.intent.parentAction) && has(object.metadata.name) && object.metadata.name.matches('-scheduled-[0-9]+$'))",
          "message": "sentinel: the account of schedules may only create actions of Playbooks with a schedule",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.account || !variables.creates || !has(object.metadata.name) || !object.metadata.name.matches('-scheduled-[0-9]+$')",
          "message": "sentinel: names that end with '-scheduled-' and a number are those of schedules: choose another name",
          "reason": "Invalid"
        }
      ]
    },
    "metadata": {
      "name": "sentinel-schedule-names"
    }
  },
  {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicyBinding",
    "spec": {
      "policyName": "sentinel-schedule-names",
      "validationActions": [
        "Deny"
      ]
    },
    "metadata": {
      "name": "sentinel-schedule-names"
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
              "agentactions",
              "playbooks"
            ]
          }
        ]
      },
      "matchConditions": [
        {
          "name": "asks-for-consent",
          "expression": "has(request.options) && has(request.options.fieldManager) && request.options.fieldManager.matches('^(approve|approve-schedule|trust|accept|redo|roll-back):')"
        }
      ],
      "variables": [
        {
          "name": "annotations",
          "expression": "has(object.metadata.annotations) ? object.metadata.annotations : {}"
        },
        {
          "name": "oldAnnotations",
          "expression": "has(oldObject.metadata.annotations) ? oldObject.metadata.annotations : {}"
        },
        {
          "name": "action",
          "expression": "request.resource.resource == 'agentactions'"
        },
        {
          "name": "key",
          "expression": "variables.action ? 'sentinel.dev/approvals' : request.options.fieldManager.startsWith('approve-schedule:') ? 'sentinel.dev/standing-approvals' : 'sentinel.dev/trust'"
        },
        {
          "name": "records",
          "expression": "variables.key in variables.annotations ? variables.annotations[variables.key] : ''"
        },
        {
          "name": "exempt",
          "expression": "variables.records.substring(variables.records.lastIndexOf('\\n') + 1).contains('\",\"exemptBy\":\"')"
        },
        {
          "name": "stampKey",
          "expression": "variables.action ? 'sentinel.dev/requested-by' : 'sentinel.dev/authors'"
        },
        {
          "name": "stamps",
          "expression": "variables.stampKey in variables.oldAnnotations ? variables.oldAnnotations[variables.stampKey] : ''"
        },
        {
          "name": "stamp",
          "expression": "variables.stamps.substring(variables.stamps.lastIndexOf('\\n') + 1)"
        },
        {
          "name": "uidAt",
          "expression": "variables.stamp.indexOf('\",\"uid\":\"')"
        },
        {
          "name": "user",
          "expression": "variables.uidAt > 9 ? variables.stamp.substring(9, variables.uidAt) : ''"
        },
        {
          "name": "parts",
          "expression": "variables.user.split(':')"
        },
        {
          "name": "account",
          "expression": "variables.user.startsWith('system:serviceaccount:') && variables.parts.size() == 4"
        },
        {
          "name": "home",
          "expression": "variables.account ? variables.parts[2] : ''"
        },
        {
          "name": "uidEnd",
          "expression": "variables.uidAt > 0 ? variables.stamp.indexOf('\",\"groups\":[') : -1"
        },
        {
          "name": "uid",
          "expression": "variables.uidEnd > variables.uidAt + 9 ? variables.stamp.substring(variables.uidAt + 9, variables.uidEnd) : ''"
        },
        {
          "name": "impersonateUser",
          "expression": "!variables.account && variables.user != '' && authorizer.group('').resource('users').name(variables.user).check('impersonate').allowed()"
        },
        {
          "name": "impersonateAccount",
          "expression": "variables.account && authorizer.group('').resource('serviceaccounts').namespace(variables.home).name(variables.parts[3]).check('impersonate').allowed()"
        },
        {
          "name": "impersonateUid",
          "expression": "variables.uid != '' && authorizer.group('authentication.k8s.io').resource('uids').name(variables.uid).check('impersonate').allowed()"
        },
        {
          "name": "impersonateUserOnly",
          "expression": "!variables.account && variables.user != '' && authorizer.group('authentication.k8s.io').resource('users').name(variables.user).check('impersonate:user-info').allowed()"
        },
        {
          "name": "impersonateAccountOnly",
          "expression": "variables.account && authorizer.group('authentication.k8s.io').resource('serviceaccounts').namespace(variables.home).name(variables.parts[3]).check('impersonate:serviceaccount').allowed()"
        },
        {
          "name": "impersonatePrompter",
          "expression": "variables.action && has(oldObject.spec.onBehalfOf) && authorizer.group('').resource('users').name(oldObject.spec.onBehalfOf.user).check('impersonate').allowed()"
        },
        {
          "name": "impersonateAdmins",
          "expression": "variables.user != '' && authorizer.group('').resource('groups').name('system:masters').check('impersonate').allowed()"
        },
        {
          "name": "impersonateControllers",
          "expression": "variables.account && authorizer.group('').resource('users').name('system:kube-controller-manager').check('impersonate').allowed()"
        },
        {
          "name": "certificate",
          "expression": "variables.user != '' && authorizer.group('certificates.k8s.io').resource('signers').name('kubernetes.io/kube-apiserver-client').check('approve').allowed()"
        },
        {
          "name": "certificateOfDomain",
          "expression": "variables.user != '' && authorizer.group('certificates.k8s.io').resource('signers').name('kubernetes.io/*').check('approve').allowed()"
        },
        {
          "name": "certificateOfNode",
          "expression": "variables.account && authorizer.group('certificates.k8s.io').resource('signers').name('kubernetes.io/kube-apiserver-client-kubelet').check('approve').allowed()"
        },
        {
          "name": "token",
          "expression": "variables.account && authorizer.group('').resource('serviceaccounts').subresource('token').namespace(variables.home).name(variables.parts[3]).check('create').allowed()"
        },
        {
          "name": "secretsGet",
          "expression": "variables.account && authorizer.group('').resource('secrets').namespace(variables.home).check('get').allowed()"
        },
        {
          "name": "secretsList",
          "expression": "variables.account && authorizer.group('').resource('secrets').namespace(variables.home).check('list').allowed()"
        },
        {
          "name": "secretsWatch",
          "expression": "variables.account && authorizer.group('').resource('secrets').namespace(variables.home).check('watch').allowed()"
        },
        {
          "name": "secretsPatch",
          "expression": "variables.account && authorizer.group('').resource('secrets').namespace(variables.home).check('patch').allowed()"
        },
        {
          "name": "secretsDelete",
          "expression": "variables.account && authorizer.group('').resource('secrets').namespace(variables.home).check('deletecollection').allowed()"
        },
        {
          "name": "execCreate",
          "expression": "variables.account && authorizer.group('').resource('pods').subresource('exec').namespace(variables.home).check('create').allowed()"
        },
        {
          "name": "execGet",
          "expression": "variables.account && authorizer.group('').resource('pods').subresource('exec').namespace(variables.home).check('get').allowed()"
        },
        {
          "name": "attachCreate",
          "expression": "variables.account && authorizer.group('').resource('pods').subresource('attach').namespace(variables.home).check('create').allowed()"
        },
        {
          "name": "attachGet",
          "expression": "variables.account && authorizer.group('').resource('pods').subresource('attach').namespace(variables.home).check('get').allowed()"
        },
        {
          "name": "ephemeralUpdate",
          "expression": "variables.account && authorizer.group('').resource('pods').subresource('ephemeralcontainers').namespace(variables.home).check('update').allowed()"
        },
        {
          "name": "ephemeralPatch",
          "expression": "variables.account && authorizer.group('').resource('pods').subresource('ephemeralcontainers').namespace(variables.home).check('patch').allowed()"
        },
        {
          "name": "podsCreate",
          "expression": "variables.account && authorizer.group('').resource('pods').namespace(variables.home).check('create').allowed()"
        },
        {
          "name": "podsUpdate",
          "expression": "variables.account && authorizer.group('').resource('pods').namespace(variables.home).check('update').allowed()"
        },
        {
          "name": "podsPatch",
          "expression": "variables.account && authorizer.group('').resource('pods').namespace(variables.home).check('patch').allowed()"
        }
      ],
      "validations": [
        {
          "expression": "variables.exempt || !(variables.impersonateUser || variables.impersonateAccount || variables.impersonateUid || variables.impersonateUserOnly || variables.impersonateAccountOnly || variables.impersonatePrompter || variables.impersonateAdmins || variables.impersonateControllers)",
          "message": "sentinel: you can act as the requester of this action, or as the author of this Playbook: you can impersonate them, or somebody who could; somebody else must decide",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.exempt || !(variables.certificate || variables.certificateOfDomain || variables.certificateOfNode)",
          "message": "sentinel: you can act as the requester of this action, or as the author of this Playbook: you can approve client certificates; somebody else must decide",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.exempt || !(variables.token)",
          "message": "sentinel: you can act as the requester of this action, or as the author of this Playbook: you can create its tokens; somebody else must decide",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.exempt || !(variables.secretsGet || variables.secretsList || variables.secretsWatch || variables.secretsPatch || variables.secretsDelete)",
          "message": "sentinel: you can act as the requester of this action, or as the author of this Playbook: you can read the Secrets of its namespace; somebody else must decide",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.exempt || !(variables.execCreate || variables.execGet || variables.attachCreate || variables.attachGet || variables.ephemeralUpdate || variables.ephemeralPatch)",
          "message": "sentinel: you can act as the requester of this action, or as the author of this Playbook: you can enter the pods of its namespace; somebody else must decide",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.exempt || !(variables.podsCreate || variables.podsUpdate || variables.podsPatch)",
          "message": "sentinel: you can act as the requester of this action, or as the author of this Playbook: you can write pods in its namespace; somebody else must decide",
          "reason": "Forbidden"
        }
      ]
    },
    "metadata": {
      "name": "sentinel-separation-identity"
    }
  },
  {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicyBinding",
    "spec": {
      "policyName": "sentinel-separation-identity",
      "validationActions": [
        "Deny"
      ]
    },
    "metadata": {
      "name": "sentinel-separation-identity"
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
              "agentactions",
              "playbooks"
            ]
          }
        ]
      },
      "matchConditions": [
        {
          "name": "asks-for-consent",
          "expression": "has(request.options) && has(request.options.fieldManager) && request.options.fieldManager.matches('^(approve|approve-schedule|trust|accept|redo|roll-back):')"
        }
      ],
      "variables": [
        {
          "name": "annotations",
          "expression": "has(object.metadata.annotations) ? object.metadata.annotations : {}"
        },
        {
          "name": "oldAnnotations",
          "expression": "has(oldObject.metadata.annotations) ? oldObject.metadata.annotations : {}"
        },
        {
          "name": "action",
          "expression": "request.resource.resource == 'agentactions'"
        },
        {
          "name": "key",
          "expression": "variables.action ? 'sentinel.dev/approvals' : request.options.fieldManager.startsWith('approve-schedule:') ? 'sentinel.dev/standing-approvals' : 'sentinel.dev/trust'"
        },
        {
          "name": "records",
          "expression": "variables.key in variables.annotations ? variables.annotations[variables.key] : ''"
        },
        {
          "name": "exempt",
          "expression": "variables.records.substring(variables.records.lastIndexOf('\\n') + 1).contains('\",\"exemptBy\":\"')"
        },
        {
          "name": "stampKey",
          "expression": "variables.action ? 'sentinel.dev/requested-by' : 'sentinel.dev/authors'"
        },
        {
          "name": "stamps",
          "expression": "variables.stampKey in variables.oldAnnotations ? variables.oldAnnotations[variables.stampKey] : ''"
        },
        {
          "name": "stamp",
          "expression": "variables.stamps.substring(variables.stamps.lastIndexOf('\\n') + 1)"
        },
        {
          "name": "uidAt",
          "expression": "variables.stamp.indexOf('\",\"uid\":\"')"
        },
        {
          "name": "user",
          "expression": "variables.uidAt > 9 ? variables.stamp.substring(9, variables.uidAt) : ''"
        },
        {
          "name": "parts",
          "expression": "variables.user.split(':')"
        },
        {
          "name": "account",
          "expression": "variables.user.startsWith('system:serviceaccount:') && variables.parts.size() == 4"
        },
        {
          "name": "home",
          "expression": "variables.account ? variables.parts[2] : ''"
        },
        {
          "name": "controllersCreate",
          "expression": "variables.account && authorizer.group('').resource('replicationcontrollers').namespace(variables.home).check('create').allowed()"
        },
        {
          "name": "controllersUpdate",
          "expression": "variables.account && authorizer.group('').resource('replicationcontrollers').namespace(variables.home).check('update').allowed()"
        },
        {
          "name": "controllersPatch",
          "expression": "variables.account && authorizer.group('').resource('replicationcontrollers').namespace(variables.home).check('patch').allowed()"
        },
        {
          "name": "deploymentsCreate",
          "expression": "variables.account && authorizer.group('apps').resource('deployments').namespace(variables.home).check('create').allowed()"
        },
        {
          "name": "deploymentsUpdate",
          "expression": "variables.account && authorizer.group('apps').resource('deployments').namespace(variables.home).check('update').allowed()"
        },
        {
          "name": "deploymentsPatch",
          "expression": "variables.account && authorizer.group('apps').resource('deployments').namespace(variables.home).check('patch').allowed()"
        },
        {
          "name": "statefulsetsCreate",
          "expression": "variables.account && authorizer.group('apps').resource('statefulsets').namespace(variables.home).check('create').allowed()"
        },
        {
          "name": "statefulsetsUpdate",
          "expression": "variables.account && authorizer.group('apps').resource('statefulsets').namespace(variables.home).check('update').allowed()"
        },
        {
          "name": "statefulsetsPatch",
          "expression": "variables.account && authorizer.group('apps').resource('statefulsets').namespace(variables.home).check('patch').allowed()"
        },
        {
          "name": "daemonsetsCreate",
          "expression": "variables.account && authorizer.group('apps').resource('daemonsets').namespace(variables.home).check('create').allowed()"
        },
        {
          "name": "daemonsetsUpdate",
          "expression": "variables.account && authorizer.group('apps').resource('daemonsets').namespace(variables.home).check('update').allowed()"
        },
        {
          "name": "daemonsetsPatch",
          "expression": "variables.account && authorizer.group('apps').resource('daemonsets').namespace(variables.home).check('patch').allowed()"
        },
        {
          "name": "replicasetsCreate",
          "expression": "variables.account && authorizer.group('apps').resource('replicasets').namespace(variables.home).check('create').allowed()"
        },
        {
          "name": "replicasetsUpdate",
          "expression": "variables.account && authorizer.group('apps').resource('replicasets').namespace(variables.home).check('update').allowed()"
        },
        {
          "name": "replicasetsPatch",
          "expression": "variables.account && authorizer.group('apps').resource('replicasets').namespace(variables.home).check('patch').allowed()"
        },
        {
          "name": "jobsCreate",
          "expression": "variables.account && authorizer.group('batch').resource('jobs').namespace(variables.home).check('create').allowed()"
        },
        {
          "name": "jobsUpdate",
          "expression": "variables.account && authorizer.group('batch').resource('jobs').namespace(variables.home).check('update').allowed()"
        },
        {
          "name": "jobsPatch",
          "expression": "variables.account && authorizer.group('batch').resource('jobs').namespace(variables.home).check('patch').allowed()"
        },
        {
          "name": "cronjobsCreate",
          "expression": "variables.account && authorizer.group('batch').resource('cronjobs').namespace(variables.home).check('create').allowed()"
        },
        {
          "name": "cronjobsUpdate",
          "expression": "variables.account && authorizer.group('batch').resource('cronjobs').namespace(variables.home).check('update').allowed()"
        },
        {
          "name": "cronjobsPatch",
          "expression": "variables.account && authorizer.group('batch').resource('cronjobs').namespace(variables.home).check('patch').allowed()"
        }
      ],
      "validations": [
        {
          "expression": "variables.exempt || !(variables.controllersCreate || variables.controllersUpdate || variables.controllersPatch)",
          "message": "sentinel: you can act as the requester of this action, or as the author of this Playbook: you can write replicationcontrollers in its namespace; somebody else must decide",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.exempt || !(variables.deploymentsCreate || variables.deploymentsUpdate || variables.deploymentsPatch)",
          "message": "sentinel: you can act as the requester of this action, or as the author of this Playbook: you can write deployments in its namespace; somebody else must decide",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.exempt || !(variables.statefulsetsCreate || variables.statefulsetsUpdate || variables.statefulsetsPatch)",
          "message": "sentinel: you can act as the requester of this action, or as the author of this Playbook: you can write statefulsets in its namespace; somebody else must decide",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.exempt || !(variables.daemonsetsCreate || variables.daemonsetsUpdate || variables.daemonsetsPatch)",
          "message": "sentinel: you can act as the requester of this action, or as the author of this Playbook: you can write daemonsets in its namespace; somebody else must decide",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.exempt || !(variables.replicasetsCreate || variables.replicasetsUpdate || variables.replicasetsPatch)",
          "message": "sentinel: you can act as the requester of this action, or as the author of this Playbook: you can write replicasets in its namespace; somebody else must decide",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.exempt || !(variables.jobsCreate || variables.jobsUpdate || variables.jobsPatch)",
          "message": "sentinel: you can act as the requester of this action, or as the author of this Playbook: you can write jobs in its namespace; somebody else must decide",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.exempt || !(variables.cronjobsCreate || variables.cronjobsUpdate || variables.cronjobsPatch)",
          "message": "sentinel: you can act as the requester of this action, or as the author of this Playbook: you can write cronjobs in its namespace; somebody else must decide",
          "reason": "Forbidden"
        }
      ]
    },
    "metadata": {
      "name": "sentinel-separation-workloads"
    }
  },
  {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicyBinding",
    "spec": {
      "policyName": "sentinel-separation-workloads",
      "validationActions": [
        "Deny"
      ]
    },
    "metadata": {
      "name": "sentinel-separation-workloads"
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
          "name": "uid",
          "expression": "has(request.userInfo.uid) ? request.userInfo.uid : ''"
        },
        {
          "name": "extra",
          "expression": "has(request.userInfo.extra) ? request.userInfo.extra : {}"
        },
        {
          "name": "program",
          "expression": "variables.user.startsWith('system:') || variables.user.startsWith('sentinel:') || variables.groups.exists(g, g in ['system:serviceaccounts', 'system:nodes', 'system:unauthenticated']) || 'authentication.kubernetes.io/pod-name' in variables.extra"
        },
        {
          "name": "plain",
          "expression": "([variables.user, variables.uid] + variables.groups).all(n, n.matches(r'^[^\"\\\\]*$'))"
        },
        {
          "name": "asked",
          "expression": "has(request.options) && has(request.options.fieldManager) ? request.options.fieldManager : ''"
        },
        {
          "name": "asks",
          "expression": "variables.asked.startsWith('approve-schedule:') || variables.asked.startsWith('revoke-schedule:')"
        },
        {
          "name": "sameSpec",
          "expression": "!variables.create && object.spec == oldObject.spec"
        },
        {
          "name": "standing",
          "expression": "'sentinel.dev/standing-approvals' in variables.annotations ? variables.annotations['sentinel.dev/standing-approvals'] : ''"
        },
        {
          "name": "oldStanding",
          "expression": "'sentinel.dev/standing-approvals' in variables.oldAnnotations ? variables.oldAnnotations['sentinel.dev/standing-approvals'] : ''"
        },
        {
          "name": "decided",
          "expression": "variables.standing != '' && variables.standing != variables.oldStanding"
        },
        {
          "name": "appended",
          "expression": "variables.oldStanding != '' && variables.standing.startsWith(variables.oldStanding + '\\n')"
        },
        {
          "name": "line",
          "expression": "!variables.decided ? '' : variables.appended ? variables.standing.substring(variables.oldStanding.size() + 1) : variables.standing"
        },
        {
          "name": "digest",
          "expression": "oldObject != null && has(oldObject.status) && has(oldObject.status.digest) ? oldObject.status.digest : ''"
        },
        {
          "name": "head",
          "expression": "oldObject == null ? '' : '{\"standing\":\"' + oldObject.metadata.uid + '\",\"digest\":\"'"
        },
        {
          "name": "named",
          "expression": "oldObject != null && variables.line.startsWith(variables.head) && variables.line.size() >= variables.head.size() + 71 ? variables.line.substring(variables.head.size(), variables.head.size() + 71) : ''"
        },
        {
          "name": "prefix",
          "expression": "oldObject == null ? '' : variables.head + variables.named + '\",\"user\":\"' + variables.user + '\",\"uid\":\"' + variables.uid + '\",\"groups\":[' + variables.groupList + '],\"extra\":{'"
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
          "name": "revokes",
          "expression": "variables.word.startsWith('revoke\"')"
        },
        {
          "name": "pieces",
          "expression": "variables.word.split('\"', 18)"
        },
        {
          "name": "wanted",
          "expression": "variables.revokes ? 'revoke-schedule:' + variables.named : 'approve-schedule:' + variables.digest + ':' + (variables.pieces.size() > 16 ? variables.pieces[16] + ':' + variables.pieces[8] : '')"
        },
        {
          "name": "uidText",
          "expression": "variables.uid != '' ? '\",\"uid\":\"' + variables.uid + '\",' : ''"
        },
        {
          "name": "authors",
          "expression": "'sentinel.dev/authors' in variables.oldAnnotations ? variables.oldAnnotations['sentinel.dev/authors'] : ''"
        },
        {
          "name": "trust",
          "expression": "'sentinel.dev/trust' in variables.oldAnnotations ? variables.oldAnnotations['sentinel.dev/trust'] : ''"
        },
        {
          "name": "isAuthor",
          "expression": "('\\n' + variables.authors).contains('\\n{\"user\":\"' + variables.user + '\",') || (variables.uidText != '' && variables.authors.contains(variables.uidText))"
        },
        {
          "name": "isTruster",
          "expression": "variables.trust.contains(',\"user\":\"' + variables.user + '\",') || (variables.uidText != '' && variables.trust.contains(variables.uidText))"
        },
        {
          "name": "sameLabels",
          "expression": "variables.create || (has(object.metadata.labels) == has(oldObject.metadata.labels) && (!has(object.metadata.labels) || object.metadata.labels == oldObject.metadata.labels))"
        },
        {
          "name": "sameOthers",
          "expression": "variables.annotations.all(k, k == 'sentinel.dev/standing-approvals' || (k in variables.oldAnnotations && variables.oldAnnotations[k] == variables.annotations[k])) && variables.oldAnnotations.all(k, k in ['sentinel.dev/standing-approvals', 'sentinel.dev/decision', 'sentinel.dev/comment'] || k in variables.annotations)"
        }
      ],
      "validations": [
        {
          "expression": "['sentinel.dev/decision', 'sentinel.dev/comment'].all(k, !(k in variables.annotations) || (k in variables.oldAnnotations && variables.annotations[k] == variables.oldAnnotations[k]))",
          "message": "sentinel: the decision was not sealed, so nothing was decided: Sentinel's webhook did not run; try again when it runs",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.sameSpec || variables.standing == ''",
          "message": "sentinel: a Playbook that changes has no standing approvals any more: somebody must approve its schedule again",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.decided || (variables.revokes ? !variables.appended && variables.oldStanding != '' : variables.appended || variables.oldStanding == '')",
          "message": "sentinel: sealed standing approvals must not be changed, only added to or revoked",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.decided || ((variables.revokes ? variables.named.matches(r'^sha256:[0-9a-f]{64}$') : variables.digest != '' && variables.named == variables.digest) && !variables.line.contains('\\n') && variables.line.startsWith(variables.prefix) && variables.word.matches(r'^(approve\",\"parameters\":\"sha256:[0-9a-f]{64}\",\"upToRisk\":\"(Low|Medium|High)\",\"time\":\"[^\"\\\\]*\",\"expires\":\"[^\"\\\\]*\"(,\"exemptBy\":\"[^\"\\\\]*\")?|revoke\",\"time\":\"[^\"\\\\]*\")(,\"comment\":\"([^\"\\\\]|\\\\.)*\")?,\"key\":\"[^\"\\\\]*\",\"seal\":\"[^\"\\\\]*\"\\}$'))",
          "message": "sentinel: a standing approval must name this Playbook, its current digest, and who makes it: Sentinel's webhook did not run, or the Playbook has changed",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.decided || (variables.plainClaims && variables.claims == variables.trueClaims)",
          "message": "sentinel: a standing approval must name the claims of who makes it as the API server authenticated them",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.decided || variables.plain",
          "message": "sentinel: your user or group name contains a quote or a backslash; it cannot be recorded exactly",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.decided || variables.revokes || variables.asked == variables.wanted",
          "messageExpression": "'sentinel: the request itself must say what it approves, until when, and up to which risk: add --field-manager=' + variables.wanted",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.asks || (variables.decided && variables.asked == variables.wanted)",
          "message": "sentinel: the decision was not recorded as requested: Sentinel's webhook did not run, or changed it; nothing was decided",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.decided || !variables.program",
          "message": "sentinel: programs cannot decide, only people can",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.decided || variables.revokes || !(variables.isAuthor || variables.isTruster)",
          "message": "sentinel: you wrote this Playbook, or a part of it, or trusted it: somebody else must approve its schedule",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.decided || authorizer.group('sentinel.dev').resource('playbooks').namespace(request.namespace).name(request.name).check('approve').allowed()",
          "message": "sentinel: you do not hold the verb 'approve' on this Playbook",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.decided || authorizer.group('sentinel.dev').resource('agentactions').namespace(request.namespace).check('approve').allowed()",
          "message": "sentinel: you do not hold the verb 'approve' on the actions of this namespace",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.decided || (variables.sameSpec && variables.sameLabels && variables.sameOthers)",
          "message": "sentinel: a decision must be the only change of an update",
          "reason": "Forbidden"
        },
        {
          "expression": "!variables.decided || (bytes(variables.line).size() <= 16384 && (variables.revokes || bytes(variables.standing).size() <= 49152) && variables.standing.split('\\n').size() <= 16)",
          "message": "sentinel: the standing approvals of this Playbook have no room for another one: revoke them, and approve again",
          "reason": "Forbidden"
        }
      ]
    },
    "metadata": {
      "name": "sentinel-standing-approvals"
    }
  },
  {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicyBinding",
    "spec": {
      "policyName": "sentinel-standing-approvals",
      "validationActions": [
        "Deny"
      ]
    },
    "metadata": {
      "name": "sentinel-standing-approvals"
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
              ""
            ],
            "apiVersions": [
              "*"
            ],
            "operations": [
              "UPDATE"
            ],
            "resources": [
              "configmaps"
            ],
            "resourceNames": [
              "sentinel-acts"
            ]
          }
        ]
      },
      "matchConditions": [
        {
          "name": "journal",
          "expression": "request.namespace == 'sentinel-system'"
        },
        {
          "name": "operator",
          "expression": "request.userInfo.username == 'system:serviceaccount:sentinel-system:sentinel-operator'"
        }
      ],
      "variables": [
        {
          "name": "new",
          "expression": "has(object.data) ? object.data : {}"
        },
        {
          "name": "old",
          "expression": "has(oldObject.data) ? oldObject.data : {}"
        }
      ],
      "validations": [
        {
          "expression": "('head' in variables.new) == ('head' in variables.old) && (!('head' in variables.old) || variables.new['head'] == variables.old['head'])",
          "message": "sentinel: the number of the last act in the journal is the webhook's alone",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.new.all(k, !(k in variables.old) || variables.new[k] == variables.old[k])",
          "message": "sentinel: an act in the journal must not change; it is taken out once it is recorded",
          "reason": "Forbidden"
        }
      ]
    },
    "metadata": {
      "name": "sentinel-acts"
    }
  },
  {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicyBinding",
    "spec": {
      "policyName": "sentinel-acts",
      "validationActions": [
        "Deny"
      ]
    },
    "metadata": {
      "name": "sentinel-acts"
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
              "UPDATE",
              "DELETE"
            ],
            "resources": [
              "agentactions"
            ]
          }
        ]
      },
      "matchConditions": [
        {
          "name": "operator",
          "expression": "request.userInfo.username == 'system:serviceaccount:sentinel-system:sentinel-operator'"
        }
      ],
      "variables": [
        {
          "name": "ended",
          "expression": "has(oldObject.status) && has(oldObject.status.finishedAt) && has(oldObject.status.outbox) && oldObject.status.outbox.records.exists(r, r.transition in ['Ended', 'Retired'])"
        },
        {
          "name": "retired",
          "expression": "variables.ended && oldObject.status.outbox.records[oldObject.status.outbox.records.size() - 1].transition == 'Retired'"
        },
        {
          "name": "acknowledged",
          "expression": "variables.ended && has(oldObject.status.outbox.sink) && oldObject.status.outbox.sink.since == 1 && oldObject.status.outbox.sink.acknowledged >= oldObject.status.outbox.sequence"
        }
      ],
      "validations": [
        {
          "expression": "request.operation != 'DELETE' || (variables.retired && variables.acknowledged)",
          "message": "sentinel: the operator deletes an action only when its time of retention is over and a sink has acknowledged its whole audit trail",
          "reason": "Forbidden"
        },
        {
          "expression": "request.operation != 'UPDATE' || !has(oldObject.metadata.finalizers) || (has(object.metadata.finalizers) && oldObject.metadata.finalizers.all(f, f in object.metadata.finalizers)) || variables.ended",
          "message": "sentinel: the operator takes the finalizer off an action only after its end is recorded",
          "reason": "Forbidden"
        }
      ]
    },
    "metadata": {
      "name": "sentinel-action-deletion"
    }
  },
  {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicyBinding",
    "spec": {
      "policyName": "sentinel-action-deletion",
      "validationActions": [
        "Deny"
      ]
    },
    "metadata": {
      "name": "sentinel-action-deletion"
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
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "spec": {
      "podSelector": {},
      "policyTypes": [
        "Ingress",
        "Egress"
      ],
      "egress": [
        {
          "ports": "$(apiServerPorts)"
        }
      ]
    },
    "metadata": {
      "name": "sentinel-schedules",
      "namespace": "sentinel-schedules"
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
        "timeoutSeconds": 10,
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
        "sideEffects": "NoneOnDryRun",
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
      },
      {
        "name": "acts.sentinel.dev",
        "admissionReviewVersions": [
          "v1"
        ],
        "sideEffects": "NoneOnDryRun",
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
              "playbooks"
            ],
            "scope": "Namespaced"
          },
          {
            "apiGroups": [
              "sentinel.dev"
            ],
            "apiVersions": [
              "*"
            ],
            "operations": [
              "DELETE"
            ],
            "resources": [
              "agentactions"
            ],
            "scope": "Namespaced"
          }
        ],
        "matchConditions": [
          {
            "name": "not-exempt",
            "expression": "!(request.userInfo.username in ['system:serviceaccount:kube-system:generic-garbage-collector', 'system:serviceaccount:kube-system:namespace-controller'])"
          }
        ]
      },
      {
        "name": "decisions.sentinel.dev",
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
              "UPDATE"
            ],
            "resources": [
              "agentactions"
            ],
            "scope": "Namespaced"
          }
        ],
        "matchConditions": [
          {
            "name": "decides",
            "expression": "has(object.metadata.annotations) && 'sentinel.dev/approvals' in object.metadata.annotations && !(has(oldObject.metadata.annotations) && 'sentinel.dev/approvals' in oldObject.metadata.annotations && oldObject.metadata.annotations['sentinel.dev/approvals'] == object.metadata.annotations['sentinel.dev/approvals'])"
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
