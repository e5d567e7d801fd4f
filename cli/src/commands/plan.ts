import { painter } from '../print/paint.ts';
import { renderPlan } from '../print/plan.ts';
import { formatOf, raw } from '../print/raw.ts';
import { readReview } from '../read.ts';
import type { Session } from '../session.ts';

/** Shows the plan of an action. */
export async function plan(session: Session, name: string): Promise<number> {
  const { io, flags } = session;
  const format = formatOf(flags.output);
  const review = await readReview(session, name);
  io.out(format ? raw(review.plan, format) : renderPlan(review, painter(io.colour)));
  return 0;
}
