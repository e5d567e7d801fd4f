import type { AgentPolicySpec, Decision } from '@sentinel/crds';
import ipaddr from 'ipaddr.js';
import { getDomain } from 'tldts';
import { type PolicySet, policyName } from '../policyset/policy-set.ts';
import { combine } from '../verdict/combine.ts';
import type { Opinion } from '../verdict/verdict.ts';

type NetworkRules = NonNullable<AgentPolicySpec['network']>;

/** A host as rules compare it: lower case, no dot at the end, no port. Undefined for what is not a name of a host. */
export function normalizeHost(host: string): string | undefined {
  const bare = host.trim().toLowerCase().replace(/\.$/, '');
  const unbracketed = bare.replace(/^\[(.*)\]$/, '$1');
  if (ipaddr.isValid(unbracketed)) return ipaddr.process(unbracketed).toString();
  // Only DNS labels: a name that a resolver would interpret differently from a rule is not valid.
  return /^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/.test(bare) &&
    !/^[0-9.]+$|^0x/.test(bare)
    ? bare
    : undefined;
}

/** What is wrong with a pattern of hosts; undefined when it can be used. */
export function hostPatternFault(pattern: string): string | undefined {
  const wild = pattern.startsWith('*.');
  const host = normalizeHost(wild ? pattern.slice(2) : pattern);
  if (host === undefined) return `'${pattern}' is neither a host nor '*.' before one`;
  if (wild && ipaddr.isValid(host)) return `'${pattern}': addresses have no names below them`;
  if (wild && getDomain(host, { allowPrivateDomains: true }) === null)
    return `'${pattern}' would cover everything under a public suffix`;
  return undefined;
}

/** Whether a pattern covers a host: itself, or with '*.' any name below it. */
export function coversHost(pattern: string, host: string): boolean {
  if (!pattern.startsWith('*.')) return normalizeHost(pattern) === host;
  const parent = normalizeHost(pattern.slice(2));
  return parent !== undefined && !ipaddr.isValid(host) && host.endsWith(`.${parent}`);
}

/** Whether an address or a name leads into a network of its own: never reached by a wildcard, only by its exact name. */
export function isLocal(host: string): boolean {
  if (ipaddr.isValid(host)) return ipaddr.process(host).range() !== 'unicast';
  return host === 'localhost' || /(^|\.)(localhost|local|internal|svc|cluster)$/.test(host) || !host.includes('.');
}

/**
 * What the policies say of a host. Deny wins; within a policy an exact name or a wildcard allows, anything else is unfamiliar;
 * between policies the strictest holds. Without any rules about hosts nothing may be reached.
 */
export function judgeHost(set: PolicySet, asked: string): Opinion {
  const host = normalizeHost(asked);
  if (host === undefined) return deny('Sentinel', 'network', `'${asked}' is no name of a host`);
  const opinions = set.policies
    .filter(({ spec }) => spec?.network !== undefined)
    .map((policy) => ofPolicy(policyName(policy), policy.spec?.network as NetworkRules, host));
  return combine(opinions, deny('Sentinel', 'network', `no policy has rules about hosts, so '${host}' may not be reached`));
}

function ofPolicy(policy: string, { allow, deny: denied, unfamiliar }: NetworkRules, host: string): Opinion {
  const by = (list: readonly string[] | undefined) => (list ?? []).findIndex((pattern) => coversHost(pattern, host));
  const refused = by(denied);
  if (refused >= 0) return deny(policy, `network.deny[${refused}]`, `'${host}' is denied`);
  const allowed = (allow ?? []).findIndex(
    (pattern) => coversHost(pattern, host) && (!pattern.startsWith('*.') || !isLocal(host)),
  );
  if (allowed >= 0) return { decision: 'Allow', policy, rule: `network.allow[${allowed}]`, message: `'${host}' is allowed` };
  const decision: Decision = isLocal(host) ? 'Deny' : unfamiliar;
  const what = decision === 'Deny' ? 'is denied: no rule allows it' : 'is unfamiliar';
  return { decision, policy, rule: 'network.unfamiliar', message: `'${host}' ${what}` };
}

const deny = (policy: string, rule: string, message: string): Opinion => ({ decision: 'Deny', policy, rule, message });
