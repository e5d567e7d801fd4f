import { createClient, createTransport, loadConfig } from '@sentinel/kube';
import { JOB_NAME_VARIABLE, PLAYBOOK_VARIABLE } from './cron-job.ts';
import { fileScheduledAction, type ScheduledRun } from './file-action.ts';

/** The program of a pod of a schedule: files one action and ends. The exit code is 1 if the action could not be filed. */
export async function runSchedule(env: NodeJS.ProcessEnv): Promise<number> {
  const transport = createTransport(loadConfig(), { userAgent: 'sentinel-schedule' });
  try {
    process.stdout.write(`${await fileScheduledAction(createClient(transport), readRun(env))}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`sentinel schedule: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  } finally {
    await transport.close();
  }
}

/** Reads for which run a pod was started. Throws an error that names the variable that says something else. */
export function readRun(env: NodeJS.ProcessEnv): ScheduledRun {
  const [, namespace, playbook] = /^([^/]+)\/([^/]+)$/.exec(env[PLAYBOOK_VARIABLE] ?? '') ?? [];
  if (!namespace || !playbook) throw new Error(`${PLAYBOOK_VARIABLE} must be NAMESPACE/NAME`);
  const minutes = /-([0-9]{1,10})$/.exec(env[JOB_NAME_VARIABLE] ?? '')?.[1];
  if (minutes === undefined) throw new Error(`${JOB_NAME_VARIABLE} must end with the minutes since the epoch`);
  return { namespace, playbook, due: Number(minutes) * 60_000 };
}
