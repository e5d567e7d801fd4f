import { compareRollback, runEnd, runGate, runRollback } from '@sentinel/gateway/gate';

/**
 * The entry point of the image: one image, one command for each program. A program is loaded only when it is asked for, so that
 * the gate of a sandbox starts in a moment. SIGTERM and SIGINT end a program in order.
 */
const [command] = process.argv.slice(2);
const stop = new AbortController();
for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort());

switch (command) {
  case 'operator':
    await (await import('@sentinel/operator/main')).runOperator(process.env, stop.signal);
    break;
  case 'webhook':
    await (await import('@sentinel/webhook/main')).runWebhook(process.env, stop.signal);
    break;
  case 'gateway':
    await (await import('@sentinel/gateway/main')).runGateway(process.env, stop.signal);
    break;
  case 'evidence':
    await (await import('@sentinel/evidence/main')).runEvidence(process.env, stop.signal);
    break;
  case 'schedule':
    process.exitCode = await (await import('@sentinel/operator/schedule')).runSchedule(process.env);
    break;
  case 'gate':
    process.exitCode = await runGate(process.env);
    break;
  case 'end':
    process.exitCode = runEnd('/results', (line) => process.stdout.write(line));
    break;
  case 'rollback':
    process.exitCode = await runRollback(process.env, (line) => process.stdout.write(line));
    break;
  case 'compare-rollback':
    process.exitCode = await compareRollback(process.env, (line) => process.stdout.write(line));
    break;
  default:
    process.stderr.write(
      'sentinel: operator | webhook | gateway | evidence | schedule | gate | end | rollback | compare-rollback\n',
    );
    process.exitCode = 2;
}
