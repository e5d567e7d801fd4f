import { type PolicySet, policyName } from './policies.ts';
import type { Opinion } from './verdict.ts';

/** A tool of an MCP server, as an agent says that it called it or as a step would. */
export interface ToolCall {
  readonly server: string;
  readonly tool: string;
  readonly schemaDigest?: string | undefined;
}

/** What the policies say of a tool: every policy with a list must have the server, the tool, and the digest that it pins. */
export function judgeTool(set: PolicySet, { server, tool, schemaDigest }: ToolCall): Opinion {
  for (const policy of set.policies) {
    const allowed = policy.spec?.mcpServers?.allow;
    if (!allowed) continue;
    const entry = allowed.find(({ url }) => url === server);
    const refuse = (message: string): Opinion => ({
      decision: 'Deny',
      policy: policyName(policy),
      rule: 'mcpServers.allow',
      message,
    });
    if (!entry) return refuse(`MCP server '${server}' is on no list`);
    if (entry.tools && !entry.tools.includes(tool)) return refuse(`tool '${tool}' of '${server}' is on no list`);
    if (entry.schemaDigest !== undefined && schemaDigest !== undefined && entry.schemaDigest !== schemaDigest)
      return refuse(`the tools of '${server}' are not those that the policy pins`);
  }
  return { decision: 'Allow', policy: 'Sentinel', rule: 'mcpServers', message: `tool '${tool}' of '${server}' is allowed` };
}
