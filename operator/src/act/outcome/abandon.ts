import { newestStage } from '../../facts/facts.ts';
import type { ActContext, Pass } from '../context.ts';
import { end } from '../end/end.ts';
import { concludeRun } from './conclude-run.ts';
import { keepReport } from './keep-report.ts';

/** Stops waiting for a person to resolve unknown outcomes: everything that can be rolled back is, and the final message lists what stays unknown. */
export async function abandon(context: ActContext, pass: Pass, why: string): Promise<void> {
  const run = newestStage(pass.action, 'run');
  if (!run) return end(pass, 'RunFailed', 'the status of the action names no run, so none of its effects can be resolved');
  const { gatewayAddress } = await context.settings();
  const report = await keepReport(pass.facts, await context.gateway.report(run.uid, gatewayAddress, 'run'));
  await concludeRun(context, pass, { ...run, outcome: run.outcome ?? 'Unknown' }, report, why);
}
