import { type ClusterAgentPolicySpec, namespaceLabels, type RiskLevel } from '@sentinel/crds';
import {
  judgeApiRequest,
  judgeCommand,
  judgeHost,
  judgeImage,
  judgeModel,
  judgePlan,
  judgeRepository,
  judgeTool,
  type PolicySet,
  seconds,
} from '@sentinel/policy';
import { isClusterScoped } from '../input/scope.ts';
import type { Sources } from '../input/sources.ts';
import { lintAutonomyMeeting } from './autonomy.ts';
import { type AnyPolicy, type Finding, nameOf, RISKS, sampleOf, setOf } from './finding.ts';

/** Findings about policies that apply together: a floor without required fields, approvals that nobody could give, rules without effect. */
export function lintMeeting({ clusterPolicies, policies, namespaces, live }: Sources): Finding[] {
  const floors = (clusterPolicies as readonly AnyPolicy[]).filter(({ spec }) => !spec.auditOnly);
  // Policies with different subjects may never apply together; only policies for everyone certainly do.
  const everyones = floors.filter(({ spec }) => spec.subjects === undefined);
  const local = (policies as readonly AnyPolicy[]).filter(({ spec }) => !spec.auditOnly);
  return [
    ...lintFloor(floors),
    ...unreachable(everyones, everyones, 'together'),
    ...endpoints(everyones),
    ...floors.flatMap((floor) => lintAutonomyMeeting(floor, everyones.includes(floor) ? everyones : [...everyones, floor])),
    ...local.flatMap((policy) => {
      const beside = local.filter(
        (other) =>
          other !== policy && other.spec.subjects === undefined && other.metadata.namespace === policy.metadata.namespace,
      );
      const meeting = [
        ...floors.filter((floor) => everyones.includes(floor) || isSame(floor.spec.subjects, policy)),
        ...beside,
        policy,
      ];
      return [
        ...unreachable(meeting, [policy], 'with the policies that it meets'),
        ...lintAutonomyMeeting(policy, meeting),
        ...looser(policy, everyones),
      ];
    }),
    ...[...namespaces.values()].flatMap((metadata): Finding[] => {
      const own = local.find((policy) => policy.metadata.namespace === metadata.name);
      if (!own || live || metadata.labels?.[namespaceLabels.enabled] === 'true') return [];
      const message = `namespace '${metadata.name}' has not opted in (label ${namespaceLabels.enabled}=true): nothing runs there`;
      return [{ level: 'warning', policy: nameOf(own), path: 'metadata.namespace', message }];
    }),
  ];
}

const isSame = (subjects: unknown, { spec }: AnyPolicy) => JSON.stringify(subjects) === JSON.stringify(spec.subjects);

function lintFloor(floors: readonly AnyPolicy[]): Finding[] {
  const add = (level: Finding['level'], path: string, message: string): Finding => ({
    level,
    policy: 'the floor',
    path,
    message,
  });
  if (floors.length === 0) return [add('warning', '', 'there is no ClusterAgentPolicy here: without one nothing runs')];
  return [
    ...(floors.some(({ spec }) => spec.kubernetes)
      ? []
      : [add('error', 'kubernetes', 'no ClusterAgentPolicy has it: every request to the API is denied')]),
    ...(floors.some(({ spec }) => spec.approvals)
      ? []
      : [add('error', 'approvals', 'no ClusterAgentPolicy has it: every plan is denied')]),
  ];
}

// Two different endpoints allow nothing; every policy that names one of them is part of the finding.
function endpoints(floors: readonly AnyPolicy[]): Finding[] {
  const set = setOf(floors);
  return floors.flatMap((policy): Finding[] => {
    const { modelEndpoint } = policy.spec as ClusterAgentPolicySpec;
    const opinion = modelEndpoint && judgeModel(set, { url: modelEndpoint.url });
    if (opinion?.rule !== 'modelEndpoint') return [];
    return [{ level: 'error', policy: nameOf(policy), path: 'modelEndpoint', message: opinion.message }];
  });
}

// Without a common group nobody could approve at some level of risk.
function unreachable(meeting: readonly AnyPolicy[], about: readonly AnyPolicy[], how: string): Finding[] {
  const set = setOf(meeting);
  const levels = RISKS.filter((risk) => judgePlan(set, '', [], risk).refusals.some(({ rule }) => rule === 'approvals.groups'));
  const [first] = about;
  if (!first) return [];
  const refused = allRefused(set, first, how);
  if (levels.length === 0) return refused;
  const groups = meeting.flatMap((policy) => groupsAt(policy, levels[0] ?? 'Low'));
  const message = `nobody could approve a plan of risk ${levels.join(', ')} ${how}: no group is named by all of ${groups.join('; ')}`;
  return [{ level: 'error', policy: nameOf(first), path: 'approvals', message }, ...refused];
}

// Members of a refused group may not approve, so a list of only refused groups matches nobody.
function allRefused(set: PolicySet, policy: AnyPolicy, how: string): Finding[] {
  const found = RISKS.flatMap((risk) => {
    const { groups, approverGroups, refuseGroups = [] } = judgePlan(set, '', [], risk).requirements;
    const lists = [groups, approverGroups].filter((list) => list !== undefined);
    const refused = lists.find((list) => list.length > 0 && list.every((group) => refuseGroups.includes(group)));
    return refused ? [{ risk, refused }] : [];
  });
  const [lowest] = found;
  if (!lowest) return [];
  const message = `nobody could approve a plan of risk ${found.map(({ risk }) => risk).join(', ')} ${how}: each group that may approve (${lowest.refused.join(', ')}) is in \`identity.refuseGroups\` of a ClusterAgentPolicy`;
  return [{ level: 'error', policy: nameOf(policy), path: 'approvals', message }];
}

function groupsAt(policy: AnyPolicy, risk: RiskLevel): string[] {
  const line = lineAt(policy, risk);
  const { identity } = policy.spec as { identity?: { approverGroups?: string[] } };
  return [
    ...(line?.groups ? [`${nameOf(policy)} (${line.groups.join(', ')})`] : []),
    ...(identity?.approverGroups ? [`${nameOf(policy)} identity.approverGroups (${identity.approverGroups.join(', ')})`] : []),
  ];
}

const lineAt = ({ spec }: AnyPolicy, risk: RiskLevel) =>
  spec.approvals?.find(({ upToRisk }) => RISKS.indexOf(upToRisk) >= RISKS.indexOf(risk));

// A policy of a namespace that allows what the floor does not: it reads as if it were allowed, but it is not.
function looser(policy: AnyPolicy, floors: readonly AnyPolicy[]): Finding[] {
  const found: Finding[] = [];
  if (floors.length === 0) return found;
  const floor = setOf(floors);
  const add = (path: string, why: string) =>
    found.push({ level: 'warning', policy: nameOf(policy), path, message: `has no effect: ${why}` });
  for (const other of floors) values(policy, other, add);
  rules(policy, floor, add);
  lists(policy, floor, add);
  return found;
}

type Add = (path: string, why: string) => void;

function values({ spec }: AnyPolicy, other: AnyPolicy, add: Add): void {
  const name = nameOf(other);
  const floor = other.spec;
  const beyond = spec.modes.filter((mode) => !floor.modes.includes(mode));
  if (beyond.length > 0) add('modes', `${name} does not allow ${beyond.join(', ')}`);
  if (!spec.playbooks.trustedOnly && floor.playbooks.trustedOnly) add('playbooks.trustedOnly', `${name} asks for trust`);
  if (spec.images?.requireDigest === false && floor.images?.requireDigest)
    add('images.requireDigest', `${name} asks for digests`);
  for (const key of ['objects', 'concurrent', 'sandboxes', 'perDay', 'escalationsPerHour', 'revisions', 'amendments'] as const) {
    const [own, most] = [spec.limits?.[key], floor.limits?.[key]];
    if (own !== undefined && most !== undefined && own > most) add(`limits.${key}`, `${own} is more than the ${most} of ${name}`);
  }
  const [own, most] = [spec.limits?.duration, floor.limits?.duration];
  if (own !== undefined && most !== undefined && seconds(own) > seconds(most))
    add('limits.duration', `${own} is longer than the ${most} of ${name}`);
  const [lag, mostLag] = [spec.audit?.maxLag, floor.audit?.maxLag];
  if (lag !== undefined && mostLag !== undefined && floor.audit?.requireSink && seconds(lag) > seconds(mostLag))
    add('audit.maxLag', `${lag} is longer than the ${mostLag} of ${name}`);
  approvals(spec, other, add);
}

function approvals(spec: AnyPolicy['spec'], other: AnyPolicy, add: Add): void {
  const name = nameOf(other);
  for (const [index, line] of (spec.approvals ?? []).entries()) {
    const path = `approvals[${index}]`;
    const met = lineAt(other, line.upToRisk);
    if (other.spec.approvals && !met) add(`${path}.upToRisk`, `${name} denies plans of risk ${line.upToRisk}`);
    if (met && met.approvals > line.approvals)
      add(`${path}.approvals`, `${name} asks for ${met.approvals} at risk ${line.upToRisk}, not ${line.approvals}`);
  }
}

const MAX = 500;

function rules({ metadata, spec }: AnyPolicy, floor: PolicySet, add: Add): void {
  const namespace = metadata.namespace ?? '';
  for (const [index, rule] of (spec.kubernetes ?? []).entries()) {
    if (rule.decision === 'Deny') continue;
    const requests = rule.apiGroups.flatMap((apiGroup) =>
      rule.resources.flatMap((resource) =>
        rule.verbs.flatMap((verb) =>
          (rule.namespaces ?? [namespace]).map((where) => ({
            verb,
            apiGroup,
            resource,
            namespace: isClusterScoped(resource) ? undefined : where,
            name: rule.resourceNames?.[0],
          })),
        ),
      ),
    );
    // The resources that '*' matches are unknown here.
    const known = requests.filter(({ verb, apiGroup, resource }) => ![verb, apiGroup, resource].includes('*')).slice(0, MAX);
    const verdicts = known.map((request) => ({ request, verdict: judgeApiRequest(floor, namespace, request) }));
    // A rule about resources that no policy can allow is reported by the lint of the single policy.
    const denied = verdicts.filter(
      ({ verdict: { decision, decidedBy } }) => decision === 'Deny' && !decidedBy.startsWith('Sentinel: protected'),
    );
    const [first] = denied;
    if (first && denied.length === requests.length)
      add(`kubernetes[${index}]`, `the floor denies it (${first.verdict.decidedBy})`);
    else if (first)
      add(
        `kubernetes[${index}]`,
        `in part: the floor denies ${first.request.verb} ${first.request.resource} (${first.verdict.decidedBy})`,
      );
    const asked = verdicts.find(({ verdict }) => verdict.decision === 'RequireApproval');
    if (rule.decision === 'Allow' && asked)
      add(
        `kubernetes[${index}].decision`,
        `the floor asks for approval of ${asked.request.verb} ${asked.request.resource} (${asked.verdict.decidedBy})`,
      );
  }
  const compiled = floor.policies.map(({ commands }) => commands).filter((one) => one !== undefined);
  for (const [index, { prefix, decision }] of (spec.commands ?? []).entries()) {
    if (decision !== 'Allow' || compiled.length === 0) continue;
    const argv = prefix.map((position) => position.split('|')[0] ?? '');
    const stricter = judgeCommand(compiled, argv).reasons.find(
      (reason) => reason.decision !== 'Allow' && (reason.rule.startsWith('commands[') || reason.rule === 'commands.unmatched'),
    );
    if (stricter)
      add(
        `commands[${index}]`,
        `of '${argv.join(' ')}' the floor says ${stricter.decision} (${stricter.policy}: ${stricter.rule})`,
      );
  }
}

function lists({ spec }: AnyPolicy, floor: PolicySet, add: Add): void {
  const has = (what: (spec: NonNullable<PolicySet['policies'][number]['spec']>) => unknown) =>
    floor.policies.some((policy) => policy.spec && what(policy.spec) !== undefined);
  if (has(({ network }) => network))
    for (const [index, host] of (spec.network?.allow ?? []).entries()) {
      const opinion = judgeHost(floor, host.replace(/^\*\./, 'x.'));
      if (opinion.decision !== 'Allow')
        add(`network.allow[${index}]`, `of '${host}' ${opinion.policy} says ${opinion.decision} (${opinion.rule})`);
    }
  for (const [index, image] of (spec.images?.allow ?? []).entries()) {
    const opinion = judgeImage(floor, `${sampleOf(image).replace(/[@:][^/]*$/, '')}@sha256:${'0'.repeat(64)}`);
    if (opinion.decision === 'Deny') add(`images.allow[${index}]`, `'${image}' is not in \`images.allow\` of ${opinion.policy}`);
  }
  for (const [index, repository] of (spec.repositories?.allow ?? []).entries()) {
    const opinion = judgeRepository(floor, sampleOf(repository));
    if (opinion.decision === 'Deny' && opinion.policy !== 'Sentinel')
      add(`repositories.allow[${index}]`, `${opinion.policy} denies '${repository}' (${opinion.rule})`);
  }
  for (const [index, { url, tools, schemaDigest }] of (spec.mcpServers?.allow ?? []).entries()) {
    const opinion = (tools ?? [''])
      .map((tool) => judgeTool(floor, { server: url, tool, schemaDigest }))
      // If only the floor pins the tools, the digest comes from the call; without a list of tools, the tools are unknown.
      .find(({ decision, message, rule }) =>
        rule.endsWith('.schemaDigest') ? schemaDigest : decision === 'Deny' && (tools || message.startsWith('MCP server')),
      );
    if (opinion) add(`mcpServers.allow[${index}]`, `${opinion.policy}: ${opinion.message}`);
  }
  for (const { spec: other, kind, name } of floor.policies) {
    const missing = (own: readonly string[] | undefined, most: readonly string[] | undefined) =>
      own?.filter((one) => most && !most.includes(one)) ?? [];
    for (const playbook of missing(spec.playbooks.allow, other?.playbooks.allow))
      add('playbooks.allow', `'${playbook}' is not on the list of ${kind}/${name}`);
    for (const environment of missing(spec.environments?.allow, other?.environments?.allow))
      add('environments.allow', `'${environment}' is not on the list of ${kind}/${name}`);
  }
}
