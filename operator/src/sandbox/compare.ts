const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Fields that the API server fills in by itself. Anything else in the answer was put there by somebody. */
const defaults = new Set([
  'apiVersion',
  'batch.kubernetes.io/controller-uid',
  'batch.kubernetes.io/job-name',
  'completionMode',
  'controller-uid',
  'creationTimestamp',
  'defaultMode',
  'job-name',
  'manualSelector',
  'matchLabels',
  'schedulerName',
  'selector',
  'serviceAccount',
  'terminationMessagePath',
  'terminationMessagePolicy',
]);

/**
 * Where the answer of the API server differs from what was sent: a webhook of somebody else added a container, a volume, a
 * variable, a label. Empty when only defaults were filled in. A Job that differs is never released.
 */
export function differences(sent: unknown, answer: unknown, path = ''): string[] {
  if (Array.isArray(sent) && Array.isArray(answer)) {
    if (sent.length !== answer.length) return [`${path} has ${answer.length} entries instead of ${sent.length}`];
    return sent.flatMap((entry, index) => differences(entry, answer[index], `${path}[${index}]`));
  }
  if (isRecord(sent) && isRecord(answer)) {
    const missing = Object.keys(sent).flatMap((key) => differences(sent[key], answer[key], `${path}.${key}`));
    const added = Object.keys(answer).filter((key) => !(key in sent) && !defaults.has(key));
    return [...missing, ...added.map((key) => `${path}.${key} was added`)];
  }
  return JSON.stringify(sent) === JSON.stringify(answer) ? [] : [`${path} is not what was sent`];
}
