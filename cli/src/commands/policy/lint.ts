import type { Terminal } from '../../session.ts';
import { type Format, raw } from '../../terminal/raw.ts';
import { table } from '../../terminal/table.ts';
import { UsageError } from '../../usage-error.ts';
import type { Sources } from './input/sources.ts';
import { lintCommands } from './lint/commands.ts';
import { lintMeeting } from './lint/cross-policy.ts';
import type { AnyPolicy, Finding } from './lint/finding.ts';
import { lintPolicy } from './lint/policy.ts';

/** Finds rules that do nothing, rules that allow everything, and approvals that nobody could give; errors first. */
export function lintPolicies(sources: Sources, now: number): Finding[] {
  const all = [...sources.clusterPolicies, ...sources.policies] as AnyPolicy[];
  const found = [...all.flatMap((policy) => [...lintPolicy(policy, now), ...lintCommands(policy)]), ...lintMeeting(sources)];
  return [...found.filter(({ level }) => level === 'error'), ...found.filter(({ level }) => level === 'warning')];
}

/** Prints the findings. Exit code: 1 if one of them is an error. Throws UsageError if there is no policy. */
export function lint(sources: Sources, format: Format, io: Terminal): number {
  if (sources.clusterPolicies.length + sources.policies.length === 0)
    throw new UsageError('ObjectNotFound', 'there is no AgentPolicy and no ClusterAgentPolicy; name files that hold one');
  const found = lintPolicies(sources, io.now());
  if (format) io.out(raw(found, format));
  else if (found.length === 0) io.out('Nothing found.');
  else
    io.out(
      table(
        ['LEVEL', 'POLICY', 'FIELD', 'WHAT'],
        found.map(({ level, policy, path, message }) => [level, policy, path, message]),
      ),
    );
  return found.some(({ level }) => level === 'error') ? 1 : 0;
}
