import type { AgentAction } from '@sentinel/crds';
import { dataHandling, keepText } from '@sentinel/policy';
import type { Facts } from '../facts/facts.ts';

/** The request of an action, as details of the records of its admission and its edits. The intent was redacted before it was stored. */
export function requestDetails({ spec }: AgentAction, parameters: string | undefined): Record<string, string | undefined> {
  const { intent, mode } = spec;
  return {
    'sentinel.intent.summary': intent.summary,
    'sentinel.intent.prompt': intent.prompt,
    'sentinel.intent.reason': intent.reason,
    'sentinel.on_behalf_of': spec.onBehalfOf?.user,
    'gen_ai.agent.name': intent.agent?.name,
    'gen_ai.request.model': intent.agent?.model,
    'gen_ai.conversation.id': intent.agent?.session,
    'gen_ai.tool.name': intent.tool?.name,
    'sentinel.mcp.server': intent.tool?.server,
    'sentinel.action.parent': intent.parentAction,
    'sentinel.rollback_of.name': spec.rollbackOf?.name,
    'sentinel.rollback_of.uid': spec.rollbackOf?.uid,
    'sentinel.parameters': parameters,
    'sentinel.mode': mode,
  };
}

/** The parameters in the form that policy allows to keep. Each value is handled separately, because one digest of all values could not be verified. */
export async function keptParameters({ action, policies }: Facts): Promise<string | undefined> {
  const handling = dataHandling(policies);
  if (handling.parameters === 'Dropped' || !action.spec.parameters?.length) return undefined;
  const kept = await Promise.all(
    action.spec.parameters.map(async ({ name, value }) => [name, await keepText('parameters', handling, value)] as const),
  );
  return JSON.stringify(Object.fromEntries(kept));
}
