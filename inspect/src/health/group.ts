import type { Evidence, Finding, ObjectReference, Severity, Suggestion } from '@sentinel/findings';

/** A problem of one object, before those of the same workload are put together. */
export interface Problem {
  readonly check: string;
  readonly severity: Severity;
  readonly object: ObjectReference;
  /** What is wrong, for one object: "container 'web' cannot pull its image (ImagePullBackOff)". */
  readonly summary: string;
  readonly evidence: readonly Evidence[];
  readonly suggestion?: Suggestion;
}

/**
 * One finding for each check, workload and summary: a Deployment with a hundred Pods that all crash is one finding, with the number of its
 * Pods and the evidence of the first ones.
 */
export function groupProblems(problems: readonly Problem[]): Finding[] {
  const groups = Map.groupBy(problems, ({ check, object, summary }) =>
    JSON.stringify([check, object.kind, object.namespace, object.name, summary]),
  );
  return [...groups.values()].map((group) => {
    const [first] = group as [Problem, ...Problem[]];
    const evidence = group.flatMap((problem) => problem.evidence.slice(0, group.length > 1 ? 1 : 3));
    return {
      check: first.check,
      severity: first.severity,
      object: first.object,
      summary: first.summary,
      ...(group.length > 1 && { count: group.length }),
      evidence: evidence.slice(0, 3),
      ...(first.suggestion && { suggestion: first.suggestion }),
    };
  });
}
