import { stringify } from 'yaml';
import { painter, renderPlan } from '../print/plan.ts';
import { readAction, readPlan } from '../read.ts';
import type { Session } from '../session.ts';

/** Shows the plan of an action. */
export async function plan(session: Session, name: string): Promise<number> {
  const action = await readAction(session, name);
  const { plan: found, digest } = await readPlan(session, action);
  const { io, flags } = session;
  if (flags.output === 'json') io.out(JSON.stringify(found, null, 2));
  else if (flags.output === 'yaml') io.out(stringify(found));
  else io.out(renderPlan(found, action, digest, painter(io.colour)));
  return 0;
}
