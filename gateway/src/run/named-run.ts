import { z } from 'zod';
import { badRequest } from '../request/refused.ts';

const NamedAction = z.object({ namespace: z.string().min(1).max(63), name: z.string().min(1).max(253) });
const NamedRun = NamedAction.extend({ job: z.string().min(1).max(64) });

/** The run that a request of the operator names: an action, and the uid of its Job. Throws Refused when the body names none. */
export function readNamedRun(body: Buffer): z.infer<typeof NamedRun> {
  const parsed = NamedRun.safeParse(parseJson(body));
  if (!parsed.success) throw badRequest('RequestInvalid', 'the request must name namespace, name and job');
  return parsed.data;
}

/** The action that a request of the operator names. Throws Refused when the body names none. */
export function readNamedAction(body: Buffer): z.infer<typeof NamedAction> {
  const parsed = NamedAction.safeParse(parseJson(body));
  if (!parsed.success) throw badRequest('RequestInvalid', 'the request must name namespace and name');
  return parsed.data;
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
