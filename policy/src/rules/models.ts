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
  if (asked.fault !== undefined) return refuse('Sentinel', 'modelEndpoint', asked.fault);
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
  message: 'no ClusterAgentPolicy names a model endpoint (`modelEndpoint`)',
};

function disagreement(pins: readonly { policy: string; pin: Pin }[]): Opinion | undefined {
  // One that can't be read agrees with nothing, itself included.
  const urls = new Set(pins.map(({ pin }) => readEndpoint(pin.url).url));
  if (urls.size <= 1 && !urls.has(undefined)) return undefined;
  const named = pins.map(({ policy, pin }) => `${policy} names '${pin.url}'`).join(', ');
  return refuse(
    'Sentinel',
    'modelEndpoint',
    `the ClusterAgentPolicies must name the same \`modelEndpoint.url\`, so no endpoint may be used: ${named}`,
  );
}

function ofPolicy(policy: string, pin: Pin, asked: string, model: string | undefined): Opinion {
  const rule = 'modelEndpoint';
  if (readEndpoint(pin.url).url !== asked)
    return refuse(policy, `${rule}.url`, `the model endpoint '${asked}' is not allowed; allowed: ${pin.url}`);
  const what = model === undefined ? `the model endpoint '${asked}'` : `model '${model}' at '${asked}'`;
  if (!pin.models) return { decision: 'Allow', policy, rule: `${rule}.url`, message: `${what} may be used` };
  const index = model === undefined ? -1 : pin.models.indexOf(model);
  if (index >= 0) return { decision: 'Allow', policy, rule: `${rule}.models[${index}]`, message: `${what} may be used` };
  const list = pin.models.length === 0 ? 'none' : pin.models.join(', ');
  return model === undefined
    ? refuse(
        policy,
        `${rule}.models`,
        `no model is named for the endpoint '${asked}', and the policy allows only some models: ${list}`,
      )
    : refuse(policy, `${rule}.models`, `${what} is not in \`modelEndpoint.models\`; allowed: ${list}`);
}

const refuse = (policy: string, rule: string, message: string): Opinion => ({
  decision: 'Deny',
  policy,
  rule,
  message,
});
