import { type PolicySet, policyName } from '../policyset/policy-set.ts';
import { combine } from '../verdict/combine.ts';
import type { Opinion } from '../verdict/verdict.ts';
import { covers } from './glob.ts';

/** Files with instructions and configuration of agents: a change of these always needs a person. */
export const instructions: readonly string[] = [
  '**/AGENTS.md',
  '**/CLAUDE.md',
  '**/.codex/**',
  '**/.claude/**',
  '**/.cursor/**',
  '**/.github/copilot-instructions.md',
  '**/.mcp.json',
];

// Some file systems know no case, and a protected file must not be reached by another spelling.
const spelling = { anyCase: true };

/** What is wrong with a pattern of files; undefined when it can be used. */
export function filePatternFault(pattern: string): string | undefined {
  const parts = pattern.split('/');
  const never = `'${pattern}' can never match:`;
  if (parts.includes('..')) return `${never} paths hold no '..', as they never lead out of the workspace`;
  const plain = parts.filter((part) => part !== '' && part !== '.');
  const meant = [...plain, ...(['', '.'].includes(parts.at(-1) ?? '') ? ['**'] : [])].join('/').replace(/\*\*\/\*\*$/, '**');
  if (pattern.startsWith('/'))
    return `${never} paths are relative to the workspace; write '${meant}', or what of it lies below the workspace`;
  if (pattern.endsWith('/')) return `${never} paths do not end with '/'; write '${meant}' for all that is in the folder`;
  return plain.length < parts.length ? `${never} paths hold no '.' and nothing empty; write '${meant}'` : undefined;
}

/** What the policies say of a file of a workspace. `path` is relative to its root; one that leaves it is denied. */
export function judgeFile(set: PolicySet, access: 'read' | 'write', path: string): Opinion {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (path.startsWith('/') || parts.includes('..') || path.includes('\0'))
    return { decision: 'Deny', policy: 'Sentinel', rule: 'files', message: `'${path}' leads out of the workspace` };
  const plain = parts.join('/');
  const field = access === 'read' ? 'denyRead' : 'protect';
  const said = set.policies.flatMap((policy) => ofPolicy(policyName(policy), field, policy.spec?.files?.[field], plain) ?? []);
  if (access === 'write' && instructions.some((pattern) => covers(pattern, plain, spelling)))
    said.push({
      decision: 'RequireApproval',
      policy: 'Sentinel',
      rule: 'instructions',
      message: `'${plain}' tells agents what to do`,
    });
  return combine(said, {
    decision: 'Allow',
    policy: 'Sentinel',
    rule: 'files',
    message: `'${plain}' is allowed: no policy has \`files.${field}\``,
  });
}

function ofPolicy(
  policy: string,
  field: 'denyRead' | 'protect',
  patterns: readonly string[] | undefined,
  path: string,
): Opinion | undefined {
  if (!patterns) return undefined;
  const index = patterns.findIndex((pattern) => covers(pattern, path, spelling));
  if (index < 0)
    return { decision: 'Allow', policy, rule: `files.${field}`, message: `'${path}' is allowed, as no pattern covers it` };
  const message = field === 'denyRead' ? `'${path}' may not be read` : `'${path}' may not be changed`;
  return { decision: 'Deny', policy, rule: `files.${field}[${index}]`, message };
}
