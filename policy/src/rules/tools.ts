import type { AgentPolicySpec } from '@sentinel/crds';
import { type PolicySet, policyName } from '../policyset/policy-set.ts';
import { combine } from '../verdict/combine.ts';
import type { Opinion } from '../verdict/verdict.ts';

type ServerEntry = NonNullable<NonNullable<AgentPolicySpec['mcpServers']>['allow']>[number];

/** A tool of an MCP server, from the claim of an agent or from a step. */
export interface ToolCall {
  readonly server: string;
  readonly tool: string;
  /** Digest of the tools that the server offers; without it a server whose digest is pinned is refused. */
  readonly schemaDigest?: string | undefined;
}

/**
 * What the policies say of a tool. Every policy with a list must have it. Within one policy the entries of a server are alternatives:
 * one of them that has the tool, and the digest if it pins one, is enough.
 */
export function judgeTool(set: PolicySet, call: ToolCall): Opinion {
  const { server, tool } = call;
  const opinions = set.policies.flatMap((policy) => {
    const allowed = policy.spec?.mcpServers?.allow;
    return allowed ? [ofPolicy(policyName(policy), allowed, call)] : [];
  });
  return combine(opinions, {
    decision: 'Allow',
    policy: 'Sentinel',
    rule: 'mcpServers',
    message: `tool '${tool}' of '${server}' is allowed: no policy has rules about MCP servers`,
  });
}

function ofPolicy(policy: string, allowed: readonly ServerEntry[], call: ToolCall): Opinion {
  const { server, tool, schemaDigest } = call;
  const deny = (rule: string, message: string): Opinion => ({ decision: 'Deny', policy, rule, message });
  const list = 'mcpServers.allow';
  const ofServer = [...allowed.entries()].filter(([, { url }]) => url === server);
  if (ofServer.length === 0) return deny(list, `MCP server '${server}' is not in \`${list}\``);
  const withTool = ofServer.filter(([, { tools }]) => tools?.includes(tool) ?? true);
  const [first] = withTool;
  if (!first) return deny(list, `tool '${tool}' of '${server}' is not in \`${list}[].tools\``);
  const found = withTool.find(([, entry]) => entry.schemaDigest === undefined || entry.schemaDigest === schemaDigest);
  if (found)
    return {
      decision: 'Allow',
      policy,
      rule: `${list}[${found[0]}]`,
      message: `tool '${tool}' of '${server}' is allowed`,
    };
  const rule = `${list}[${first[0]}].schemaDigest`;
  return schemaDigest === undefined
    ? deny(rule, `the policy pins the tools of '${server}' by digest, and the call has no digest (schemaDigest)`)
    : deny(rule, `the tools of '${server}' do not have the digest that the policy pins`);
}
