import { jobSeconds, judgeModel, type PolicySet, policyName, remedyOf, seconds } from '@sentinel/policy';
import type { Terminal } from '../../session.ts';
import { type Format, raw } from '../../terminal/raw.ts';
import { table } from '../../terminal/table.ts';
import { visible } from '../../terminal/visible.ts';
import { UsageError } from '../../usage-error.ts';
import type { Asker } from './can-i.ts';
import { effectiveApprovals } from './effective/approvals.ts';
import { effectiveAutonomy, effectiveDefaults } from './effective/autonomy.ts';
import { effectiveData } from './effective/data.ts';
import type { EffectiveValue } from './effective/value.ts';
import { digestsOf } from './evaluate/judge.ts';
import { policiesFor, type Sources } from './input/sources.ts';

interface Layer {
  readonly policy: string;
  readonly path: string;
  readonly value: unknown;
}

/**
 * Every value that the policies of a namespace set, by field, with the policy that sets it. For limits and switches the effective
 * value, for lists of names their intersection; for rules and patterns each one, because all of them apply at the same time.
 */
export function effectiveValues(set: PolicySet): EffectiveValue[] {
  const layers = (field: string): Layer[] =>
    set.policies.flatMap((policy) => {
      const value = field
        .split('.')
        .reduce<unknown>((part, key) => (part as Record<string, unknown> | undefined)?.[key], policy.spec);
      return value === undefined ? [] : [{ policy: policyName(policy), path: field, value }];
    });
  return [
    ...common('modes', layers('modes')),
    ...common('environments.allow', layers('environments.allow')),
    ...common('playbooks.allow', layers('playbooks.allow')),
    ...truths('playbooks.trustedOnly', layers('playbooks.trustedOnly')),
    ...trustedByFloor(set),
    ...strictest('playbooks.adHocSteps', layers('playbooks.adHocSteps')),
    ...truths('images.requireDigest', layers('images.requireDigest')),
    ...truths(
      'suspended',
      layers('suspended').filter(({ value }) => value === true),
    ),
    ...truths(
      'evidence.required',
      layers('evidence.required').filter(({ value }) => value === true),
    ),
    ...truths(
      'audit.requireSink',
      layers('audit.requireSink').filter(({ value }) => value === true),
    ),
    ...duration(set, layers('limits.duration')),
    ...least('audit.maxLag', layers('audit.maxLag')),
    ...['objects', 'concurrent', 'sandboxes', 'perDay', 'escalationsPerHour', 'revisions', 'amendments'].flatMap((key) =>
      least(`limits.${key}`, layers(`limits.${key}`)),
    ),
    // The longest cool-down applies.
    ...least('limits.coolDown', layers('limits.coolDown'), -1),
    ...effectiveDefaults(set),
    ...modelEndpoint(set, layers('modelEndpoint')),
    ...effectiveApprovals(set),
    ...effectiveAutonomy(set),
    ...effectiveData(set),
    ...[...lists, 'kubernetes', 'commands', 'highRisk', 'freeze'].flatMap((field) => each(field, layers(field))),
    ...layers('network.unfamiliar').map(({ policy, path, value }) => ({ field: path, value: String(value), policy, path })),
  ];
}

const lists = [
  'environments.deny',
  'repositories.allow',
  'repositories.deny',
  'images.allow',
  'network.allow',
  'network.deny',
  'mcpServers.allow',
  'files.denyRead',
  'files.protect',
  'identity.approverGroups',
  'identity.refuseGroups',
  'identity.agentGroups',
  'identity.separationOfDuties.exemptUsers',
  'identity.separationOfDuties.exemptGroups',
];

function common(field: string, layers: readonly Layer[]): EffectiveValue[] {
  const all = layers.map(({ value }) => value as string[]);
  const [first] = all;
  if (!first) return [];
  const shared = first.filter((entry) => all.every((list) => list.includes(entry)));
  // The policies that cause the intersection.
  const tight = layers.filter(({ value }) => (value as string[]).length === Math.min(...all.map(({ length }) => length)));
  const loose = layers.filter((layer) => !tight.includes(layer));
  return [
    {
      field,
      value: shared.join(', ') || '(nothing)',
      policy: tight.map(({ policy }) => policy).join(', '),
      path: field,
      ...(loose.length === 0
        ? {}
        : { insteadOf: loose.map(({ policy, value }) => `${(value as string[]).join(', ')} (${policy})`) }),
    },
  ];
}

function truths(field: string, layers: readonly Layer[]): EffectiveValue[] {
  const held = layers.find(({ value }) => value === true) ?? layers[0];
  return held ? [{ field, value: String(held.value), policy: held.policy, path: held.path }] : [];
}

const DECISIONS = ['Deny', 'RequireApproval', 'Allow'];

function strictest(field: string, layers: readonly Layer[]): EffectiveValue[] {
  const value = DECISIONS.find((decision) => layers.some((layer) => layer.value === decision));
  if (value === undefined) return [];
  const insteadOf = layers.flatMap((layer) => (layer.value === value ? [] : [`${String(layer.value)} (${layer.policy})`]));
  const by = layers.filter((layer) => layer.value === value).map(({ policy }) => policy);
  return [{ field, value, policy: by.join(', '), path: field, ...(insteadOf.length === 0 ? {} : { insteadOf }) }];
}

// What the lists of all ClusterAgentPolicies trust together, for every requester.
const trustedByFloor = ({ trustedDigests }: PolicySet): EffectiveValue[] =>
  [...(trustedDigests ?? [])].map(([digest, { policies, name }]) => ({
    field: 'playbooks.trustedDigests',
    value: name === undefined ? digest : `${digest} (${name})`,
    policy: policies.map((policy) => `ClusterAgentPolicy/${policy}`).join(', '),
    path: 'playbooks.trustedDigests',
  }));

const sizeOf = (value: unknown) => (typeof value === 'number' ? value : seconds(String(value)));

function least(field: string, layers: readonly Layer[], sign = 1): EffectiveValue[] {
  const [held, ...others] = layers.toSorted((a, b) => sign * (sizeOf(a.value) - sizeOf(b.value)));
  if (!held) return [];
  const insteadOf = others.map(({ value, policy }) => `${String(value)} (${policy})`);
  return [
    { field, value: String(held.value), policy: held.policy, path: held.path, ...(insteadOf.length === 0 ? {} : { insteadOf }) },
  ];
}

function duration(set: PolicySet, layers: readonly Layer[]): EffectiveValue[] {
  const field = 'limits.duration';
  const [held] = least(field, layers);
  return held && seconds(held.value) === jobSeconds(set)
    ? [held]
    : [{ field, value: `${jobSeconds(set)}s`, policy: 'Sentinel', path: 'default' }];
}

// One endpoint: if policies name different ones, nothing is allowed, and each is shown.
function modelEndpoint(set: PolicySet, layers: readonly Layer[]): EffectiveValue[] {
  const pins = layers.map((layer) => ({ ...layer, pin: layer.value as { url: string; models?: string[] } }));
  return [
    ...pins.map(({ pin, policy, path }) => {
      const { message, rule } = judgeModel({ ...set, refusals: [] }, { url: pin.url, model: pin.models?.[0] });
      const value = rule === 'modelEndpoint' ? `(nothing) ${message}` : pin.url;
      return { field: 'modelEndpoint.url', value, policy, path: `${path}.url` };
    }),
    ...common(
      'modelEndpoint.models',
      pins.flatMap(({ pin, policy, path }) => (pin.models ? [{ policy, path: `${path}.models`, value: pin.models }] : [])),
    ),
  ];
}

function each(field: string, layers: readonly Layer[]): EffectiveValue[] {
  return layers.flatMap(({ policy, path, value }) => {
    const list = value as readonly unknown[];
    if (list.length === 0) return [{ field, value: '(nothing)', policy, path }];
    return list.map((entry, index) => ({ field, value: textOf(entry), policy, path: `${path}[${index}]` }));
  });
}

// A short text for common rules; JSON for rare ones.
function textOf(entry: unknown): string {
  if (typeof entry !== 'object' || entry === null) return String(entry);
  const rule = entry as { prefix?: string[]; verbs?: string[]; resources?: string[]; apiGroups?: string[]; decision?: string };
  if (rule.prefix) return `${rule.decision}: ${rule.prefix.join(' ')}`;
  if (rule.decision && rule.resources)
    return `${rule.decision}: ${rule.verbs?.join(',')} ${rule.resources.join(',')} in ${rule.apiGroups?.map((group) => group || "''").join(',')}`;
  return JSON.stringify(entry);
}

/** Prints the effective values for an identity in a namespace. Throws UsageError without `--as`. */
export function effective(sources: Sources, who: Asker, format: Format, io: Terminal): number {
  if (who.as === undefined)
    throw new UsageError('FlagRequired', '--as is required, such as --as system:serviceaccount:shop:repair-agent');
  const set = policiesFor(sources, { user: who.as, groups: who.groups }, who.namespace, who.environment);
  const values = effectiveValues(set);
  if (format) {
    io.out(
      raw(
        {
          as: who.as,
          namespace: who.namespace,
          environment: set.environment,
          policies: digestsOf(set),
          values,
          refusals: set.refusals,
        },
        format,
      ),
    );
    return 0;
  }
  for (const { code, message } of set.refusals) io.out(`nothing is allowed: ${visible(message)}. ${visible(remedyOf(code))}`);
  io.out(
    table(
      ['FIELD', 'VALUE', 'POLICY', 'RULE', 'INSTEAD OF'],
      values.map(({ field, value, policy, path, insteadOf }) => [field, value, policy, path, insteadOf?.join('; ')]),
    ),
  );
  return 0;
}
