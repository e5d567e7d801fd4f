import type { AnyObject } from '@sentinel/kube';
import { asReleased, jobDifferences, podDifferences, renderJob, type SandboxSettings, type StageFacts } from '@sentinel/policy';
import { refuseClaim } from '../request/refused.ts';

const SHOWN = 5;
const EXEMPT =
  "Exempt the namespace 'sentinel-sandboxes' from the webhook or policy that does this, or set the field in the values of the chart; docs/guides/admins.md lists what is accepted, and what is not";

/**
 * Compares a Job and its pod with the Job that the gateway renders from the action, the Playbook and the policies that it has read itself.
 * Returns the settings with which they agree. Throws Refused if they differ.
 */
export function judgePod(
  facts: StageFacts,
  settings: readonly SandboxSettings[],
  found: { readonly job: AnyObject; readonly pod: AnyObject },
): SandboxSettings {
  const tried = settings.map((one) => differencesFrom(facts, one, found));
  const same = tried.find(({ job, pod }) => job.length + pod.length === 0);
  if (same) return same.settings;
  const [closest] = tried.sort((a, b) => a.job.length + a.pod.length - b.job.length - b.pod.length);
  const { job = ['there are no settings to render it by'], pod = [] } = closest ?? {};
  if (job.length > 0)
    throw refuseClaim(
      'JobAltered',
      `the Job is not the one that the Playbook, the parameters and the policies come to: ${named(job)}. Nothing of it is served. See whether operator and gateway have one version and the same values of the chart. ${EXEMPT}`,
    );
  throw refuseClaim(
    'PodAltered',
    `the pod is not what its Job says, so something changed it: ${named(pod)}. Nothing of it is served. ${EXEMPT}`,
  );
}

function differencesFrom(facts: StageFacts, settings: SandboxSettings, { job, pod }: { job: AnyObject; pod: AnyObject }) {
  const rendered = asReleased(renderJob(facts, settings), job);
  return { settings, job: jobDifferences(rendered, job), pod: podDifferences(rendered, pod) };
}

const named = (differences: readonly string[]) =>
  [...differences.slice(0, SHOWN), ...(differences.length > SHOWN ? [`and ${differences.length - SHOWN} more`] : [])].join('; ');
