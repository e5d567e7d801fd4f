import type { Finding } from '@sentinel/findings';
import { ageOf, conditionOf, MINUTE, type Node, type Phased, referTo } from '../objects.ts';

const pressures = ['MemoryPressure', 'DiskPressure', 'PIDPressure'];

/** What is wrong with nodes. */
export const nodeFindings = (nodes: readonly Node[]): Finding[] =>
  nodes.flatMap((node): Finding[] => {
    const object = referTo(node);
    const conditions = node.status?.conditions;
    const ready = conditionOf(conditions, 'Ready');
    const findings: Finding[] = [];
    if (ready?.status !== 'True')
      findings.push({
        check: 'node-not-ready',
        severity: 'Critical',
        object,
        summary: `the node is not ready (${ready?.reason ?? 'its kubelet reports nothing'})`,
        evidence: [{ source: 'Status', text: ready?.message ?? '' }],
        suggestion: { text: 'Check the kubelet and the network of the node.' },
      });
    for (const type of [...pressures, 'NetworkUnavailable']) {
      const condition = conditionOf(conditions, type);
      if (condition?.status !== 'True') continue;
      findings.push({
        check: type === 'NetworkUnavailable' ? 'node-without-network' : 'node-pressure',
        severity: type === 'NetworkUnavailable' ? 'Critical' : 'Warning',
        object,
        summary: `the node reports ${type}`,
        evidence: [{ source: 'Status', text: condition.message ?? condition.reason ?? '' }],
        suggestion: { text: 'Check what uses the resource on the node.' },
      });
    }
    if (node.spec?.unschedulable)
      findings.push({
        check: 'node-cordoned',
        severity: 'Info',
        object,
        summary: 'the node takes no new Pods (cordoned)',
        evidence: [],
        suggestion: { text: 'Uncordon the node if its maintenance is done.' },
      });
    return findings;
  });

/** Which namespaces do not end, and which volumes are broken. */
export const phaseFindings = (objects: readonly Phased[], now: number): Finding[] =>
  objects.flatMap((object): Finding[] => {
    const text = (object.status?.conditions ?? [])
      .map(({ message }) => message ?? '')
      .filter(Boolean)
      .join(' ');
    const evidence = text ? [{ source: 'Status' as const, text }] : [];
    const about = referTo(object);
    if (object.kind === 'Namespace' && ageOf(object.metadata.deletionTimestamp, now) > 10 * MINUTE)
      return [
        {
          check: 'namespace-stuck-terminating',
          severity: 'Warning',
          object: about,
          summary: 'the namespace is deleted and does not end',
          evidence,
        },
      ];
    if (object.kind === 'PersistentVolume' && object.status?.phase === 'Failed')
      return [
        { check: 'volume-failed', severity: 'Warning', object: about, summary: 'the volume could not be reclaimed', evidence },
      ];
    return [];
  });
