import { type ApplicablePolicy, type PolicySet, policyName } from '../policyset/policy-set.ts';
import { combine } from '../verdict/combine.ts';
import type { Opinion } from '../verdict/verdict.ts';
import { readEndpoint } from './endpoints.ts';

/** A model and its endpoint. */
export interface ModelCall {
  readonly url: string;
  /** The name of the model; without it an endpoint whose models are listed is refused. */
  readonly model?: string | undefined;
}

type Pin = NonNullable<NonNullable<ApplicablePolicy['spec']>['modelEndpoint']>;

/**
 * Evaluates the use of a model. Only a ClusterAgentPolicy names an endpoint: an admin of a namespace must not decide where prompts are sent. All
 * policies that name one must name the same, and each list of models must contain the model; if no policy names one, or two differ,
 * no model is allowed.
 */
export function judgeModel(set: PolicySet, call: ModelCall): Opinion {
  const blocked = set.refusals[0];
  if (blocked) return { ...blocked, decision: 'Deny' };
  const asked = readEndpoint(call.url);
  if (asked.fault !== undefined) return refuse('Sentinel', 'modelEndpoint', asked.fault, 'Write the address as the policy does.');
  const pins = set.policies.flatMap(({ kind, name, spec }) =>
    kind === 'ClusterAgentPolicy' && spec?.modelEndpoint ? [{ policy: policyName({ kind, name }), pin: spec.modelEndpoint }] : [],
  );
  return (
    disagreement(pins) ??
    combine(
      pins.map(({ policy, pin }) => ofPolicy(policy, pin, asked.url, call.model)),
      nowhere,
    )
  );
}

const nowhere: Opinion = {
  decision: 'Deny',
  policy: 'Sentinel',
  rule: 'modelEndpoint',
  message: 'no ClusterAgentPolicy names a model endpoint',
  remedy: 'An admin of the cluster sets `modelEndpoint` in one.',
};

function disagreement(pins: readonly { policy: string; pin: Pin }[]): Opinion | undefined {
  // One that can't be read agrees with nothing, itself included.
  const urls = new Set(pins.map(({ pin }) => readEndpoint(pin.url).url));
  if (urls.size <= 1 && !urls.has(undefined)) return undefined;
  const named = pins.map(({ policy, pin }) => `${policy} names '${pin.url}'`).join(', ');
  return refuse(
    'Sentinel',
    'modelEndpoint',
    `the policies do not agree on one model endpoint, so none may be used: ${named}`,
    'Admins of the cluster bring `modelEndpoint` of these policies together.',
  );
}

function ofPolicy(policy: string, pin: Pin, asked: string, model: string | undefined): Opinion {
  const rule = 'modelEndpoint';
  if (readEndpoint(pin.url).url !== asked)
    return refuse(policy, `${rule}.url`, `the model endpoint '${asked}' is not the one that may be used`, `Use ${pin.url}.`);
  const what = model === undefined ? `the model endpoint '${asked}'` : `model '${model}' at '${asked}'`;
  if (!pin.models) return { decision: 'Allow', policy, rule: `${rule}.url`, message: `${what} may be used` };
  const index = model === undefined ? -1 : pin.models.indexOf(model);
  if (index >= 0) return { decision: 'Allow', policy, rule: `${rule}.models[${index}]`, message: `${what} may be used` };
  const list = pin.models.length === 0 ? 'none' : pin.models.join(', ');
  return model === undefined
    ? refuse(policy, `${rule}.models`, `which model is asked at '${asked}' is not said`, `Name one of: ${list}.`)
    : refuse(policy, `${rule}.models`, `${what} is on no list`, `Allowed: ${list}.`);
}

const refuse = (policy: string, rule: string, message: string, remedy: string): Opinion => ({
  decision: 'Deny',
  policy,
  rule,
  message,
  remedy,
});
