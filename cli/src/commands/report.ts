import { visible, visibleBlock } from '../print/visible.ts';
import { messageOf, readAction, stateOf } from '../read.ts';
import type { Session } from '../session.ts';

/** Says what became of an action: state, stages, decisions, what was taken back, results. */
export async function report(session: Session, name: string): Promise<number> {
  const { io, flags } = session;
  const action = await readAction(session, name);
  if (flags.output === 'json') {
    io.out(JSON.stringify(action.status ?? {}, null, 2));
    return 0;
  }
  const { status } = action;
  const seconds = (from: string | undefined, to: string | undefined) =>
    from && to ? ` (${((Date.parse(to) - Date.parse(from)) / 1000).toFixed(1)} s)` : '';
  const lines = [`${stateOf(action)}: ${visible(messageOf(action))}`, ''];
  for (const stage of status?.stages ?? [])
    lines.push(
      `${stage.stage.padEnd(13)} ${stage.outcome ?? 'running'}${seconds(stage.startedAt, stage.finishedAt)}  ${visible(stage.message ?? '')}`,
    );
  for (const { decision, user, comment, counts, why } of status?.decisions ?? [])
    lines.push(
      `decision      ${visible(decision)} by ${visible(user)}${comment ? `: ${visible(comment)}` : ''}${counts ? '' : ` (does not count: ${visible(why ?? '')})`}`,
    );
  for (const { effect, outcome, message } of status?.rollback ?? [])
    lines.push(`taken back    effect ${effect}: ${outcome}${message ? ` (${visible(message)})` : ''}`);
  for (const result of status?.results ?? [])
    lines.push(
      '',
      `result ${visible(result.name)} (${visible(result.mediaType)}), text from the sandbox:`,
      visibleBlock(result.content.trimEnd(), '  | '),
    );
  io.out(lines.join('\n'));
  return 0;
}
