import { forbidden } from '../request/refused.ts';
import type { Enforcement } from '../run/run.ts';
import type { EnforceContext } from './context.ts';

const MESSAGE_MAX = 1800;

/** Blocks a run for good, on every replica, and refuses the write. The first reason is the one that people read. */
export async function block({ ledger }: Pick<EnforceContext, 'ledger'>, enforcement: Enforcement, why: string): Promise<never> {
  const message = `${why}. The run is blocked: no further write is sent`.slice(0, MESSAGE_MAX);
  enforcement.blocked ??= message;
  await ledger.block(enforcement.claim, message);
  throw forbidden(enforcement.blocked);
}
