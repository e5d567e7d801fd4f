import { cliErrors } from '@sentinel/cli/errors';
import { type ErrorEntry, type ErrorTable, type State, stateErrors, states } from '@sentinel/crds';
import { evidenceErrors } from '@sentinel/evidence/errors';
import { gatewayErrors } from '@sentinel/gateway/errors';
import { guardErrors, policyErrors, webhookErrors } from '@sentinel/policy';

/** The errors of one part of Sentinel. */
export interface ErrorSection {
  readonly title: string;
  /** Where people meet these errors, and where programs read the code. */
  readonly where: string;
  readonly errors: ErrorTable;
  /** Whether the code stands in an answer. Others are names for what the answer says in another way. */
  readonly isSent: boolean;
}

/** Each error that people meet, by the part that it comes from. */
export const sections: readonly ErrorSection[] = [
  {
    title: 'Policy',
    where:
      'Policy refuses an action, its plan or a request. When an action is filed or edited, the answer of the API server has the code in `details.causes[].reason`; for a request of a sandbox, the answer of the gateway has it there. An action that is denied later has the codes in its audit record `Ended`, as `sentinel.refusal.codes`. `kubectl sentinel policy test -o json` and `can-i -o json` print it as `code`.',
    errors: policyErrors,
    isSent: true,
  },
  {
    title: 'Admission by the webhook',
    where:
      'The webhook refuses a request beside what policy refuses. The answer of the API server has the code in `details.causes[].reason`. Requests that are not judged at all get it as `reason` of a JSON answer.',
    errors: webhookErrors,
    isSent: true,
  },
  {
    title: 'Admission by the API server itself',
    where:
      "The ValidatingAdmissionPolicies of the chart refuse a request, with the webhook and without it. Kubernetes lets such a policy give only one of five reasons, so the answer has no code of Sentinel's: `details.causes[].message` begins with the name of the policy, for which the code stands.",
    errors: guardErrors,
    isSent: false,
  },
  {
    title: 'Gateway',
    where:
      'The gateway answers a request of a sandbox itself, beside what policy refuses. Its answer is a Status as the API server sends it, with the code in `details.causes[].reason`. Where a pod is not served at all, the status of the action says `refused by the gateway (CODE)`. A few of these are answers to the operator, which asks again by itself.',
    errors: gatewayErrors,
    isSent: true,
  },
  {
    title: 'Evidence store',
    where:
      'The evidence store refuses to show or to store evidence. Its answer, which the API server passes on, is a Status with the code in `details.causes[].reason`. Those about storing are answers to the operator: the audit record then says in `sentinel.evidence.missing` what was not stored.',
    errors: evidenceErrors,
    isSent: true,
  },
  {
    title: 'kubectl sentinel',
    where:
      'Errors of the command itself. It prints `error: MESSAGE [CODE]` on stderr, in one line, and with `-o json` an object with `code`, `rules`, `remedy` and `exitCode`; for a refusal of the API server the codes are those of the sections above.',
    errors: cliErrors,
    isSent: true,
  },
  {
    title: 'States of an action',
    where:
      'The reason of the condition `Succeeded`: `kubectl get agentaction NAME -o jsonpath=\'{.status.conditions[?(@.type=="Succeeded")].reason}\'`.',
    errors: Object.fromEntries(
      Object.entries(stateErrors).map(([state, next]): [string, ErrorEntry] => [state, { when: states[state as State], next }]),
    ),
    isSent: true,
  },
];
