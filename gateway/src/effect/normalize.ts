type Json = Record<string, unknown>;
const isRecord = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Fields of the metadata that the server keeps for itself: they differ each time and say nothing of what was asked for. */
const serverFields = [
  'managedFields',
  'resourceVersion',
  'generation',
  'uid',
  'creationTimestamp',
  'selfLink',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
];

/** Fields that the server assigns when an object is created and for which a dry-run returns placeholders. */
const assigned: Readonly<Record<string, readonly string[]>> = {
  services: ['clusterIP', 'clusterIPs', 'healthCheckNodePort'],
};

/**
 * An object as far as a change of it can be compared: without what the server keeps for itself. A write to the main resource
 * has no say over the status, a write to `/status` over nothing else.
 */
export function normalize(object: unknown, resource: string, verb: string): unknown {
  if (!isRecord(object)) return object;
  const copy = structuredClone(object) as Json;
  const uid = isRecord(copy.metadata) ? copy.metadata.uid : undefined;
  if (isRecord(copy.metadata)) for (const field of serverFields) delete copy.metadata[field];
  const [base = '', subresource] = resource.split('/');
  if (subresource === 'status') return { metadata: copy.metadata, status: copy.status };
  delete copy.status;
  if (verb !== 'create') return copy;
  if (isRecord(copy.spec)) {
    // What is asked for by name is no placeholder: a headless Service stays one.
    if (copy.spec.clusterIP !== 'None') for (const field of assigned[base] ?? []) delete copy.spec[field];
    if (base === 'services' && Array.isArray(copy.spec.ports))
      for (const port of copy.spec.ports) if (isRecord(port)) delete port.nodePort;
  }
  return typeof uid === 'string' && uid !== '' ? replaceText(copy, uid, '<uid>') : copy;
}

// A Job's pods are labelled with the uid of the Job, which a dry-run makes up.
function replaceText(value: unknown, from: string, to: string): unknown {
  if (typeof value === 'string') return value.replaceAll(from, to);
  if (Array.isArray(value)) return value.map((entry) => replaceText(entry, from, to));
  if (isRecord(value))
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, replaceText(entry, from, to)]));
  return value;
}
