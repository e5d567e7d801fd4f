import type { AgentPolicySpec, Decision } from '@sentinel/crds';
import { type PolicySet, policyName } from '../policyset/policy-set.ts';
import { combine } from '../verdict/combine.ts';
import type { Opinion } from '../verdict/verdict.ts';
import { covers } from './glob.ts';

/** A repository in the form that rules compare: host and path, for every notation of its URL. Undefined if it is not a repository. */
export function repositoryName(asked: string): string | undefined {
  if (/[*?]/.test(asked)) return undefined;
  const [host, path] = hostAndPath(asked);
  return path.length > 0 && isHost(host) && path.every(isPart) ? [host, ...path].join('/') : undefined;
}

/** A pattern of repositories in the form of their names, its wildcards kept. Undefined for one that covers no name. */
export function repositoryPattern(written: string): string | undefined {
  if (written.endsWith('/')) return undefined;
  const [host, path] = hostAndPath(written);
  // Only '**' reaches beyond the host without naming a path.
  const reaches = path.length > 0 || host.includes('**');
  return reaches && isHost(host) && path.every(isPart) ? [host, ...path].join('/') : undefined;
}

/** What is wrong with a pattern of repositories; undefined when it can be used. */
export function repositoryPatternFault(written: string): string | undefined {
  if (written.endsWith('/'))
    return `'${written}' can never match: it ends with '/'; write '${written}**' for all repositories below it`;
  if (repositoryPattern(written) !== undefined) return undefined;
  return `'${written}' can never match: write host and path, such as 'github.com/acme/shop' or 'github.com/acme/*'`;
}

function hostAndPath(written: string): readonly [host: string, path: readonly string[]] {
  const scp = /^(?:[\w.-]+@)([\w.*?-]+):(?!\/)(.+)$/.exec(written);
  const bare = scp ? `${scp[1]}/${scp[2]}` : written.replace(/^[a-z+]+:\/\/(?:[^@/]*@)?/i, '');
  const [host = '', ...path] = bare
    .toLowerCase()
    .replace(/\/+$/, '')
    .replace(/\.git$/, '')
    .split('/');
  return [host.replace(usualPort, '').replace(/\.$/, ''), path];
}

// A host is the same one with a dot at its end, and with the port that ssh, http, https or git imply.
const usualPort = /:(22|80|443|9418)$/;

const isHost = (host: string): boolean => /^[\w.*?-]+(:[\d*?]+)?$/.test(host);
const isPart = (part: string): boolean => !['', '.', '..'].includes(part) && !/[%#\s\\]/.test(part);

/** What the policies say of a repository: deny wins, and every policy with a list must have it. */
export function judgeRepository(set: PolicySet, asked: string): Opinion {
  const name = repositoryName(asked);
  if (name === undefined)
    return { decision: 'Deny', policy: 'Sentinel', rule: 'repositories', message: `'${asked}' is no repository` };
  const opinions = set.policies.flatMap((policy) => ofPolicy(policyName(policy), policy.spec?.repositories, name) ?? []);
  return combine(opinions, {
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
  const by = (list: readonly string[] | undefined) =>
    (list ?? []).findIndex((pattern) => covers(repositoryPattern(pattern) ?? pattern, name));
  const refused = by(rules?.deny);
  if (refused >= 0) return say('Deny', `repositories.deny[${refused}]`, 'is denied');
  if (rules?.allow) {
    const allowed = by(rules.allow);
    return allowed < 0
      ? say('Deny', 'repositories.allow', 'is not in `repositories.allow`')
      : say('Allow', `repositories.allow[${allowed}]`, 'is allowed');
  }
  return rules?.deny ? say('Allow', 'repositories.deny', 'is allowed, as no entry denies it') : undefined;
}
