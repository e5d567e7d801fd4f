import { AgentPolicySpec, ClusterAgentPolicySpec, digestOf } from '@sentinel/crds';
import { agentRules, policyFaults, whyAgent } from '@sentinel/policy';
import type { PolicyReader } from '../policy-reader.ts';
import { identityOf } from './identity.ts';
import { type AdmissionRequest, Denied } from './review.ts';

const SHOWN = 8;

/**
 * Admits a policy: an invalid one is refused with the path of each fault, and agents may not write or delete policies, even with
 * the RBAC rights for it. Faults in a stored policy do not prevent its kill switch from being turned on. Throws Denied.
 */
export async function admitPolicy(
  request: AdmissionRequest,
  policies: PolicyReader,
  requireDefinitionRoom: (request: AdmissionRequest) => void,
): Promise<undefined> {
  const { object, oldObject, operation, userInfo, namespace } = request;
  // Everyone with the right may turn on the kill switch, and no policy can prevent it.
  if (onlySuspends(request)) return undefined;
  const agent = whyAgent(await policies.agents(namespace), identityOf(userInfo));
  if (agent !== undefined)
    throw new Denied('AgentNotAllowed', `'${userInfo.username}' may not modify policies, because it is an agent (${agent})`);
  if (!object || operation === 'DELETE') return undefined;
  const kind = request.resource.resource === 'clusteragentpolicies' ? 'ClusterAgentPolicy' : 'AgentPolicy';
  if (kind === 'AgentPolicy') requireDefinitionRoom(request);
  const schema = kind === 'ClusterAgentPolicy' ? ClusterAgentPolicySpec : AgentPolicySpec;
  const parsed = schema.safeParse(object.spec);
  // Violations of the schema are reported by the API server, with better messages, right after this.
  const faults = parsed.success ? policyFaults(parsed.data, kind) : [];
  const own = parsed.success
    ? whyAgent(agentRules([{ kind, metadata: { name: request.name, namespace }, spec: object.spec }]), identityOf(userInfo))
    : undefined;
  if (own !== undefined)
    throw new Denied(
      'PolicyAppliesToAuthor',
      `this policy would make '${userInfo.username}', who writes it, an agent (${own}), and agents may not modify policies: name a group in subjects, or have somebody else write it`,
    );
  if (faults.length === 0 || (oldObject && restOf(oldObject.spec) === restOf(object.spec))) return undefined;
  const more = faults.length > SHOWN ? `; and ${faults.length - SHOWN} more` : '';
  throw new Denied('PolicySpecInvalid', `${faults.slice(0, SHOWN).join('; ')}${more}`);
}

/** Whether an update of a policy turns on its kill switch and changes nothing else. */
export const onlySuspends = ({ operation, object, oldObject }: AdmissionRequest): boolean =>
  operation === 'UPDATE' &&
  isSuspended(object?.spec) &&
  !isSuspended(oldObject?.spec) &&
  restOf(object?.spec) === restOf(oldObject?.spec);

const isSuspended = (spec: unknown) => (spec as { suspended?: unknown } | null | undefined)?.suspended === true;

// Everything except the kill switch, which must work in a policy that an older version admitted with faults.
function restOf(spec: unknown): string {
  const { suspended: _, ...rest } = (spec ?? {}) as { suspended?: unknown };
  return digestOf(rest);
}
