import { AgentPolicySpec, ClusterAgentPolicySpec, digestOf } from '@sentinel/crds';
import { agentRules, policyFaults, whyAgent } from '@sentinel/policy';
import type { PolicyReader } from '../policy-reader.ts';
import { identityOf } from './identity.ts';
import { type AdmissionRequest, Denied } from './review.ts';

const SHOWN = 8;

/**
 * Admits a policy: one that can't be obeyed as written is refused with the path of each fault, and nobody writes or deletes
 * policies whom a policy names as an agent, whatever rights they hold. Faults that were there before refuse no kill
 * switch. Throws Denied.
 */
export async function admitPolicy(request: AdmissionRequest, policies: PolicyReader): Promise<undefined> {
  const { object, oldObject, operation, userInfo, namespace } = request;
  // Stopping is everybody's who holds the right to it, and no policy may be in the way.
  if (onlySuspends(request)) return undefined;
  const agent = whyAgent(await policies.agents(namespace), identityOf(userInfo));
  if (agent !== undefined) throw new Denied(`'${userInfo.username}' is an agent (${agent}): agents write no policies`);
  if (!object || operation === 'DELETE') return undefined;
  const kind = request.resource.resource === 'clusteragentpolicies' ? 'ClusterAgentPolicy' : 'AgentPolicy';
  const schema = kind === 'ClusterAgentPolicy' ? ClusterAgentPolicySpec : AgentPolicySpec;
  const parsed = schema.safeParse(object.spec);
  // What the schema refuses, the API server says better than we could, and right after this.
  const faults = parsed.success ? policyFaults(parsed.data, kind) : [];
  const own = parsed.success
    ? whyAgent(agentRules([{ kind, metadata: { name: request.name, namespace }, spec: object.spec }]), identityOf(userInfo))
    : undefined;
  if (own !== undefined)
    throw new Denied(
      `this policy makes '${userInfo.username}', who writes it, an agent (${own}), and agents write no policies: name a group in subjects, or have somebody else write it`,
    );
  if (faults.length === 0 || (oldObject && restOf(oldObject.spec) === restOf(object.spec))) return undefined;
  const more = faults.length > SHOWN ? `; and ${faults.length - SHOWN} more` : '';
  throw new Denied(`${faults.slice(0, SHOWN).join('; ')}${more}`);
}

/** Whether an update of a policy throws its kill switch and changes nothing else. */
export const onlySuspends = ({ operation, object, oldObject }: AdmissionRequest): boolean =>
  operation === 'UPDATE' &&
  isSuspended(object?.spec) &&
  !isSuspended(oldObject?.spec) &&
  restOf(object?.spec) === restOf(oldObject?.spec);

const isSuspended = (spec: unknown) => (spec as { suspended?: unknown } | null | undefined)?.suspended === true;

// All but the kill switch, which must work in a policy of which an older version has let faults pass.
function restOf(spec: unknown): string {
  const { suspended: _, ...rest } = (spec ?? {}) as { suspended?: unknown };
  return digestOf(rest);
}
