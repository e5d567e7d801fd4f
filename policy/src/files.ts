import { covers } from './glob.ts';
import { type PolicySet, policyName } from './policies.ts';
import type { Opinion } from './verdict.ts';

/** What agents are told and trusted by: a change of these is never decided without a person, whatever a policy says. */
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

/** What the policies say of a file of a workspace. `path` is relative to its root; one that leaves it is denied. */
export function judgeFile(set: PolicySet, access: 'read' | 'write', path: string): Opinion {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (path.startsWith('/') || parts.includes('..') || path.includes('\0'))
    return { decision: 'Deny', policy: 'Sentinel', rule: 'files', message: `'${path}' leads out of the workspace` };
  const plain = parts.join('/');
  for (const policy of set.policies) {
    const field = access === 'read' ? 'denyRead' : 'protect';
    const patterns = policy.spec?.files?.[field] ?? [];
    const index = patterns.findIndex((pattern) => covers(pattern, plain, spelling));
    if (index >= 0) {
      const message = access === 'read' ? `'${plain}' may not be read` : `'${plain}' may not be changed`;
      return { decision: 'Deny', policy: policyName(policy), rule: `files.${field}[${index}]`, message };
    }
  }
  if (access === 'write' && instructions.some((pattern) => covers(pattern, plain, spelling)))
    return {
      decision: 'RequireApproval',
      policy: 'Sentinel',
      rule: 'instructions',
      message: `'${plain}' tells agents what to do`,
    };
  return { decision: 'Allow', policy: 'Sentinel', rule: 'files', message: `'${plain}' is allowed` };
}
