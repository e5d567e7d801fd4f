import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AgentPolicy, type Playbook, PlaybookSpec, ScheduleSpec } from '@sentinel/crds';
import { parse, stringify } from 'yaml';

const NOTE = '# Generated from examples/playbooks by `make generate`; not edited by hand.\n';

/**
 * The Playbooks of `examples/playbooks` and their policies, for the chart sentinel-library. Each spec has its defaults, because the chart
 * computes its digest. What an example says of its own namespaces and Secrets is left out.
 */
export function libraryFile(root: string): string {
  const folder = join(root, 'examples/playbooks');
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
  const read = <T>(name: string, file: string) => parse(readFileSync(join(folder, name, file), 'utf8')) as T;
  const { cron: _, ...schedule } = ScheduleSpec.parse({ cron: '@daily' });
  const library = {
    playbooks: Object.fromEntries(names.map((name) => [name, PlaybookSpec.parse(read<Playbook>(name, 'playbook.yaml').spec)])),
    policies: Object.fromEntries(names.map((name) => [name, policyOf(read<AgentPolicy>(name, 'policy.yaml'))])),
    schedule,
  };
  return NOTE + stringify(library, { lineWidth: 0, aliasDuplicateObjects: false });
}

// Rules that name Secrets or other namespaces are those of the example.
function policyOf({ spec }: AgentPolicy): object {
  const rules = (spec.kubernetes ?? []).filter(({ resources, namespaces }) => !resources.includes('secrets') && !namespaces);
  return { ...spec, kubernetes: rules };
}
