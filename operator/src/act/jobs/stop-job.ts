import { namespaces } from '@sentinel/crds';
import { jobs } from '@sentinel/kube';
import { dataHandling, keepText, stepContainer } from '@sentinel/policy';
import { stepsOf } from '../../facts/facts.ts';
import type { ActContext, Pass } from '../context.ts';
import { collectBeforeStop } from '../evidence/store-evidence.ts';

// The maximum size of a result, including its title.
const EVIDENCE_MAX = 15 * 1024;
const READ = { tailLines: 400, limitBytes: 60 * 1024 };
const EVIDENCE_STEPS = 8;

/** Ends the Job of the current stage, and no other. Its outcome is read once its pod is gone. */
export async function stopJob(context: ActContext, pass: Pass, evidence = false): Promise<void> {
  const { stage } = pass.facts;
  if (!stage) return;
  if (evidence) await keepEvidence(context, pass);
  const store = await collectBeforeStop(context, pass);
  await context.client.delete(
    jobs,
    { name: stage.name, namespace: namespaces.sandboxes },
    { preconditions: { uid: stage.uid }, propagationPolicy: 'Foreground' },
  );
  // After the deletion, which must not wait for the evidence store.
  await store();
}

// The logs are deleted with the pod. The last output of its steps is kept as results, in the status of this reconcile.
async function keepEvidence({ client }: ActContext, { facts, draft }: Pass): Promise<void> {
  const pod = facts.job?.podName;
  if (pod === undefined || facts.stage === undefined) return;
  const handling = dataHandling(facts.policies);
  const steps = stepsOf(facts, facts.stage.stage) ?? [];
  const logs = await Promise.all(
    steps.slice(-EVIDENCE_STEPS).map(async (name, index) => ({
      name: `evidence-${index}`,
      mediaType: 'text/plain',
      log: await client
        .logs(namespaces.sandboxes, pod, stepContainer(name), READ)
        .then((log) => keepText('logs', handling, log))
        .catch(() => undefined),
      title: `${facts.stage?.stage ?? ''}, step '${name}':\n`,
    })),
  );
  draft.results = logs.flatMap(({ log, title, ...rest }) =>
    log ? [{ ...rest, content: `${title}${log.slice(-EVIDENCE_MAX)}` }] : [],
  );
}
