import type { AgentPolicySpec } from '@sentinel/crds';
import { type ApplicablePolicy, type PolicySet, policyName } from '@sentinel/policy';
import type { Question } from '../input/question.ts';

/** The subject of a question. */
type Asked = Partial<Pick<Question, 'command' | 'api' | 'host' | 'image' | 'tool' | 'model' | 'file' | 'repository' | 'action'>>;

const MAX = 12;

/** What the policies allow instead, each with its rule, so that an agent can correct its request. */
export function wouldAllow(set: PolicySet, question: Asked): string[] {
  const lines = set.policies.flatMap((policy) =>
    policy.spec ? ofPolicy(policy.spec, question).map((line) => `${line} (${policyName(policy)})`) : [],
  );
  return lines.slice(0, MAX);
}

type Spec = NonNullable<ApplicablePolicy['spec']>;

function ofPolicy(spec: Spec, { command, api, host, image, tool, model, file, repository, action }: Asked): string[] {
  if (command !== undefined) return commands(spec);
  if (api) return requests(spec, api.resource);
  if (host !== undefined) return listed('hosts', 'network.allow', spec.network?.allow);
  if (image !== undefined)
    return [
      ...listed('images', 'images.allow', spec.images?.allow),
      ...(spec.images?.requireDigest ? ['images that end with @sha256:…: images.requireDigest'] : []),
    ];
  if (tool)
    return (spec.mcpServers?.allow ?? []).map(
      ({ url, tools }, index) => `${tools ? tools.join(', ') : 'every tool'} of ${url}: mcpServers.allow[${index}]`,
    );
  if (model) {
    const { url, models } = spec.modelEndpoint ?? {};
    return url === undefined ? [] : [`${models ? `models ${some(models) || '(none)'}` : 'every model'} at ${url}: modelEndpoint`];
  }
  if (file) {
    const field = file.access === 'read' ? 'denyRead' : 'protect';
    const patterns = spec.files?.[field];
    return patterns ? [`files that none of ${some(patterns)} covers: files.${field}`] : [];
  }
  if (repository !== undefined) return listed('repositories', 'repositories.allow', spec.repositories?.allow);
  if (action)
    return [
      ...listed('Playbooks', 'playbooks.allow', spec.playbooks.allow),
      ...(spec.playbooks.adHocSteps === 'Deny'
        ? []
        : [`ad-hoc steps${spec.playbooks.adHocSteps === 'Allow' ? '' : ' with approval'}: playbooks.adHocSteps`]),
      ...listed('modes', 'modes', spec.modes),
      ...listed('environments', 'environments.allow', spec.environments?.allow),
    ];
  return [];
}

const some = (list: readonly string[]) => (list.length > MAX ? `${list.slice(0, MAX).join(', ')}, …` : list.join(', '));
const listed = (what: string, field: string, list: readonly string[] | undefined) =>
  list === undefined ? [] : [`${what} ${list.length === 0 ? '(none)' : some(list)}: ${field}`];

const commands = (spec: AgentPolicySpec) =>
  (spec.commands ?? []).flatMap(({ prefix, decision }, index) =>
    decision === 'Allow' ? [`${prefix.join(' ')} …: commands[${index}]`] : [],
  );

// Rules about the same resource first; other rules are better than no answer.
function requests(spec: AgentPolicySpec, resource: string): string[] {
  const rules = (spec.kubernetes ?? []).flatMap((rule, index) => (rule.decision === 'Deny' ? [] : [{ rule, index }]));
  const same = rules.filter(
    ({ rule }) => rule.resources.includes(resource) || (rule.resources.includes('*') && !resource.includes('/')),
  );
  return (same.length > 0 ? same : rules).map(({ rule, index }) => {
    const how = rule.decision === 'RequireApproval' ? ' with approval' : '';
    const names = rule.resourceNames ? ` named ${some(rule.resourceNames)}` : '';
    const where = rule.namespaces ? ` in ${some(rule.namespaces)}` : '';
    return `${rule.verbs.join(', ')} ${some(rule.resources)}${names}${where}${how}: kubernetes[${index}]`;
  });
}
