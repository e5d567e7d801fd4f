import type { AnyObject } from '@sentinel/kube';
import { type Check, fail, ok, read, warn } from './check.ts';
import type { Facts } from './read-facts.ts';

/** Whether actions can run in the namespace: that it opted in, its policies, and kill switches. */
export function namespaceChecks({ namespace, place, floors, policies }: Facts): Check[] {
  return [
    read('namespace', place, (found) => {
      if (found === null)
        return fail('namespace', `there is no namespace '${namespace}'`, 'pass -n with a namespace that exists');
      const labels = found.metadata.labels ?? {};
      if (labels['sentinel.dev/enabled'] !== 'true')
        return fail(
          'namespace',
          `'${namespace}' has not opted in, so nothing runs in it`,
          `kubectl label namespace ${namespace} sentinel.dev/enabled=true`,
        );
      const environment = labels['sentinel.dev/environment'];
      return ok('namespace', `'${namespace}' has opted in, environment ${environment ?? 'none'}`);
    }),
    read('floor', floors, (found) =>
      policyCheck('floor', found ?? [], {
        none: 'there is no ClusterAgentPolicy: without a floor nothing runs',
        next: 'create one; the chart brings a floor of its own (floor.enabled)',
      }),
    ),
    read('policies', policies, (found) =>
      policyCheck('policies', found ?? [], {
        none: `there is no AgentPolicy in '${namespace}', so nothing runs in it`,
        next: 'create one: docs/guides/policies.md',
      }),
    ),
  ];
}

interface PolicySpec {
  readonly suspended?: boolean;
  readonly auditOnly?: boolean;
}

function policyCheck(
  name: string,
  found: readonly AnyObject[],
  { none, next }: { readonly none: string; readonly next: string },
): Check {
  const specOf = ({ spec }: AnyObject) => (spec ?? {}) as PolicySpec;
  const named = (list: readonly AnyObject[]) => list.map(({ metadata }) => metadata.name).join(', ');
  if (!found.some((one) => !specOf(one).auditOnly)) return fail(name, none, next);
  const invalid = found.filter((one) => conditionOf(one, 'Ready') === 'False');
  const [first] = invalid;
  if (first)
    return fail(
      name,
      `invalid, and treated as deny-all: ${named(invalid)}`,
      `kubectl describe ${first.kind.toLowerCase()} ${first.metadata.name ?? ''}`,
    );
  const suspended = found.filter((one) => specOf(one).suspended);
  if (suspended.length > 0)
    return warn(name, `the kill switch is on: ${named(suspended)}`, 'turn it off when its reason is gone: spec.suspended: false');
  return ok(name, named(found));
}

const conditionOf = ({ status }: AnyObject, type: string) =>
  (status as { conditions?: { type: string; status: string }[] } | undefined)?.conditions?.find((one) => one.type === type)
    ?.status;
