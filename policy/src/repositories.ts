import type { AgentPolicySpec, Decision } from '@sentinel/crds';
import { covers } from './glob.ts';
import { type PolicySet, policyName } from './policies.ts';
import { together } from './together.ts';
import type { Opinion } from './verdict.ts';

/** A repository as rules compare it: host and path, whatever way it is written in a URL. Undefined for what is none. */
export function repositoryName(asked: string): string | undefined {
  const scp = /^(?:[\w.-]+@)([\w.-]+):(?!\/)(.+)$/.exec(asked);
  const bare = scp ? `${scp[1]}/${scp[2]}` : asked.replace(/^[a-z+]+:\/\/(?:[^@/]*@)?/i, '');
  const [host = '', ...path] = bare
    .replace(/\.git\/?$/, '')
    .replace(/\/+$/, '')
    .split('/');
  if (!/^[\w.-]+(:\d+)?$/.test(host) || path.length === 0) return undefined;
  if (path.some((part) => part === '' || part === '.' || part === '..' || /[%?#\s\\]/.test(part))) return undefined;
  return `${host.toLowerCase()}/${path.join('/').toLowerCase()}`;
}

/** What the policies say of a repository: deny wins, and every policy with a list must have it. */
export function judgeRepository(set: PolicySet, asked: string): Opinion {
  const name = repositoryName(asked);
  if (name === undefined)
    return { decision: 'Deny', policy: 'Sentinel', rule: 'repositories', message: `'${asked}' is no repository` };
  const opinions = set.policies.flatMap((policy) => ofPolicy(policyName(policy), policy.spec?.repositories, name) ?? []);
  return together(opinions, {
    decision: 'Allow',
    policy: 'Sentinel',
    rule: 'repositories',
    message: `repository '${name}' is allowed: no policy has rules about repositories`,
  });
}

function ofPolicy(policy: string, rules: AgentPolicySpec['repositories'], name: string): Opinion | undefined {
  const say = (decision: Decision, rule: string, message: string): Opinion => ({
    decision,
    policy,
    rule,
    message: `repository '${name}' ${message}`,
  });
  const by = (list: readonly string[] | undefined) => (list ?? []).findIndex((pattern) => covers(pattern.toLowerCase(), name));
  const refused = by(rules?.deny);
  if (refused >= 0) return say('Deny', `repositories.deny[${refused}]`, 'is denied');
  if (rules?.allow) {
    const allowed = by(rules.allow);
    return allowed < 0
      ? say('Deny', 'repositories.allow', 'is on no list')
      : say('Allow', `repositories.allow[${allowed}]`, 'is allowed');
  }
  return rules?.deny ? say('Allow', 'repositories.deny', 'is allowed, as no entry denies it') : undefined;
}
