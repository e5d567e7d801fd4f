import type { AgentAction } from '@sentinel/crds';
import type { Paint } from '../terminal/paint.ts';
import { visible } from '../terminal/visible.ts';

/** For each part of a status that may be shortened: what is missing, and where the complete data is. */
const parts: Readonly<Record<string, string>> = {
  results: 'only the beginning of each result is kept; the rest is lost',
  'rollback messages': 'why an effect was not rolled back is in the audit record RollbackEnded, for the first twelve effects',
  'stage messages and steps': 'how each stage ended is in its audit records; exit codes of single steps are lost',
  'comments of decisions': 'comments are in the audit records Decided, and sealed in the annotation sentinel.dev/approvals',
  'condition messages': 'messages are cut; up to 1024 characters of the final message are in the audit record Ended',
  'acknowledged audit records': 'the sink of the audit trail has them',
  'older audit records': 'they are gone, and no sink has acknowledged them; `kubectl sentinel audit verify` names them',
};

/** Lists the parts of a status that were left out because the action was too large to be stored, and where each is; empty if the status is complete. */
export function shortenedLines({ metadata, status }: AgentAction, paint: Paint): string[] {
  const { shortened = [] } = status ?? {};
  if (shortened.length === 0) return [];
  return [
    `${paint('bold', 'SHORTENED')}  ${paint('yellow', 'the action was too large to be stored whole, so parts of its status are missing here')}`,
    ...shortened.map((part) => `  ${visible(part)}: ${parts[part] ?? 'the audit trail may have the complete data'}`),
    `  audit records: in the sink of the audit trail, and the newest with kubectl sentinel audit show ${visible(`${metadata.name} -n ${metadata.namespace ?? ''}`)}`,
    '',
  ];
}
