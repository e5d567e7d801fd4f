import { AgentActionSpec, Decision, type Playbook } from '@sentinel/crds';
import {
  admit,
  judgeApiRequest,
  judgeFile,
  judgeHost,
  judgeImage,
  judgeRepository,
  judgeStep,
  judgeTool,
  type PolicySet,
  showWord,
  type Trust,
} from '@sentinel/policy';
import { z } from 'zod';
import { policiesFor, type Sources } from './sources.ts';

const what = {
  command: z.union([z.string().min(1), z.array(z.string()).min(1)]).optional(),
  api: z
    .strictObject({
      verb: z.string().min(1),
      apiGroup: z.string().default(''),
      resource: z.string().min(1),
      namespace: z.string().optional(),
      name: z.string().optional(),
    })
    .optional(),
  host: z.string().optional(),
  image: z.string().optional(),
  tool: z.strictObject({ server: z.string(), tool: z.string(), schemaDigest: z.string().optional() }).optional(),
  file: z.strictObject({ access: z.enum(['read', 'write']), path: z.string() }).optional(),
  repository: z.string().optional(),
  action: AgentActionSpec.optional(),
};
const kinds = Object.keys(what);

/** Trust in a Playbook where only policies are asked: who sealed what is a fact of a cluster. */
export const TAKEN_FOR_GIVEN: Trust = {
  trusted: true,
  by: { playbook: '', digest: '', user: '', groups: [], time: '', key: '', seal: '' },
};

/** What somebody asks of policies: who, where, and exactly one thing. */
export const Question = z
  .strictObject({
    as: z.string().min(1).describe('Who, as the API server names them: system:serviceaccount:NAMESPACE:NAME, or a user.'),
    groups: z.array(z.string()).default([]),
    namespace: z.string().default('default'),
    environment: z.string().optional(),
    ...what,
  })
  .refine((question) => kinds.filter((kind) => question[kind as keyof typeof question] !== undefined).length === 1, {
    message: `must ask one of ${kinds.join(', ')}`,
  });
export type Question = z.infer<typeof Question>;

/** A case of a test: a question and what the answer must be. */
export const PolicyTest = z.strictObject({
  kind: z.literal('PolicyTest'),
  apiVersion: z.string().optional(),
  metadata: z.looseObject({ name: z.string() }).optional(),
  cases: z
    .array(
      z.looseObject({ name: z.string().min(1), expect: Decision, because: z.string().optional() }).transform((one, context) => {
        const { name, expect, because, ...rest } = one;
        const question = Question.safeParse(rest);
        if (question.success) return { name, expect, because, question: question.data };
        for (const { path, message } of question.error.issues)
          context.addIssue({ code: 'custom', message: `'${name}': ${path.join('.')}${path.length > 0 ? ': ' : ''}${message}` });
        return z.NEVER;
      }),
    )
    .min(1),
});
export type PolicyTest = z.infer<typeof PolicyTest>;

/** A rule that spoke. */
export interface Because {
  readonly policy: string;
  readonly rule: string;
  readonly decision: Decision;
  readonly message: string;
  readonly remedy?: string;
}

/** The verdict over a question, and every rule that spoke; the strictest first. */
export interface Answer {
  readonly decision: Decision;
  readonly because: readonly Because[];
  /** The simple commands that a command line holds. */
  readonly commands?: readonly string[];
}

const RANK: Record<Decision, number> = { Allow: 0, RequireApproval: 1, Deny: 2 };

/** Answers a question from policies. */
export function answer(question: Question, sources: Sources): Answer {
  const identity = { user: question.as, groups: groupsOf(question) };
  const set = policiesFor(sources, identity, question.namespace, question.environment);
  const missing = set.refusals.map((refusal): Because => ({ ...refusal, decision: 'Deny' }));
  const { because, commands } = judge(question, set, sources.playbooks);
  const all = [...missing, ...because].sort((a, b) => RANK[b.decision] - RANK[a.decision]);
  return { decision: all[0]?.decision ?? 'Allow', because: all, ...(commands === undefined ? {} : { commands }) };
}

// The groups that the API server gives to every ServiceAccount.
function groupsOf({ as, groups }: Question): string[] {
  const [, namespace] = /^system:serviceaccount:([^:]+):/.exec(as) ?? [];
  return namespace === undefined ? groups : [...groups, 'system:serviceaccounts', `system:serviceaccounts:${namespace}`];
}

function judge(question: Question, set: PolicySet, playbooks: readonly Playbook[]): { because: Because[]; commands?: string[] } {
  const { command, api, host, image, tool, file, repository, action, namespace } = question;
  if (command !== undefined) {
    const verdict = judgeStep(set, { command: typeof command === 'string' ? ['sh', '-c', command] : command });
    const commands = verdict.commands.filter(({ role }) => role === 'Command').map(({ words }) => words.map(showWord).join(' '));
    return { because: verdict.reasons.map((reason) => ({ ...reason, message: said(reason) })), commands };
  }
  if (api) {
    const request = {
      verb: api.verb,
      apiGroup: api.apiGroup,
      resource: api.resource,
      namespace: api.namespace ?? namespace,
      name: api.name,
    };
    const { decision, decidedBy, refusal } = judgeApiRequest(set, namespace, request);
    if (refusal) return { because: [{ ...refusal, decision }] };
    const [policy = '', rule = ''] = decidedBy.split(': ');
    return { because: [{ policy, rule, decision, message: `${api.verb} ${api.resource}: ${decision}` }] };
  }
  if (host !== undefined) return { because: [judgeHost(set, host)] };
  if (image !== undefined) return { because: [judgeImage(set, image)] };
  if (tool) return { because: [judgeTool(set, tool)] };
  if (file) return { because: [judgeFile(set, file.access, file.path)] };
  if (repository !== undefined) return { because: [judgeRepository(set, repository)] };
  if (!action) return { because: [] };
  const playbook = playbooks.find(({ metadata }) => metadata.name === action.playbookRef?.name);
  // Trust and the right to use an account are facts of a cluster: here they are taken for given.
  const refusals = admit({ spec: action, policies: set, playbook, trust: TAKEN_FOR_GIVEN, mayUseAccount: true });
  return { because: refusals.map((refusal) => ({ ...refusal, decision: 'Deny' })) };
}

const said = ({ message, justification }: { message: string; justification?: string }) =>
  justification === undefined ? message : `${message}: ${justification}`;
