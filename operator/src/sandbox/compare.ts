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
    const added = Object.keys(answer).filter((key) => !Object.hasOwn(sent, key) && !defaults.has(key));
    return [...missing, ...added.map((key) => `${path}.${key} was added`)];
  }
  return JSON.stringify(sent) === JSON.stringify(answer) || isSameQuantity(sent, answer, path)
    ? []
    : [`${path} is not what was sent`];
}

// The API server writes quantities in its own way: '1000m' comes back as '1', '1024Mi' as '1Gi'.
function isSameQuantity(sent: unknown, answer: unknown, path: string): boolean {
  if (!/\.(limits|requests)\.(cpu|memory)$/.test(path) || typeof sent !== 'string' || typeof answer !== 'string') return false;
  const [a, b] = [nanos(sent), nanos(answer)];
  return a !== undefined && a === b;
}

const units: Readonly<Record<string, bigint>> = {
  n: 1n,
  u: 1_000n,
  m: 1_000_000n,
  '': 1_000_000_000n,
  k: 10n ** 12n,
  M: 10n ** 15n,
  G: 10n ** 18n,
  Ki: 2n ** 10n * 10n ** 9n,
  Mi: 2n ** 20n * 10n ** 9n,
  Gi: 2n ** 30n * 10n ** 9n,
  Ti: 2n ** 40n * 10n ** 9n,
};

// A quantity in units of 10^-9, the smallest that Kubernetes knows; undefined when it is none.
function nanos(text: string): bigint | undefined {
  const [, whole, fraction = '', suffix = ''] = /^([0-9]{1,15})(?:\.([0-9]{1,9}))?([a-zA-Z]{0,2})$/.exec(text) ?? [];
  const unit = units[suffix];
  if (whole === undefined || unit === undefined) return undefined;
  return (BigInt(whole + fraction) * unit) / 10n ** BigInt(fraction.length);
}
