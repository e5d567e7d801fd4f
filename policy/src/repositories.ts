import { covers as covered } from './glob.ts';
import { type PolicySet, policyName } from './policies.ts';
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
  const covers = (pattern: string) => covered(pattern.toLowerCase(), name);
  for (const policy of set.policies) {
    const { allow, deny = [] } = policy.spec?.repositories ?? {};
    const refused = deny.findIndex(covers);
    const refuse = (rule: string, message: string): Opinion => ({ decision: 'Deny', policy: policyName(policy), rule, message });
    if (refused >= 0) return refuse(`repositories.deny[${refused}]`, `repository '${name}' is denied`);
    if (allow && !allow.some(covers)) return refuse('repositories.allow', `repository '${name}' is on no list`);
  }
  return { decision: 'Allow', policy: 'Sentinel', rule: 'repositories', message: `repository '${name}' is allowed` };
}
