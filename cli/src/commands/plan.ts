import { renderPlan } from '../print/plan.ts';
import { readReview } from '../read.ts';
import type { Session } from '../session.ts';
import { painter } from '../terminal/paint.ts';
import { formatOf, raw } from '../terminal/raw.ts';

/** Shows the plan of an action; with `full` every line of it. */
export async function plan(session: Session, name: string, full = false): Promise<number> {
  const { io, flags } = session;
  const format = formatOf(flags.output);
  const review = await readReview(session, name);
  if (format) io.out(raw(full ? review.plan : review.stored, format));
  else await io.page(renderPlan(review, { paint: painter(io.colour), full }).text);
  return 0;
}
