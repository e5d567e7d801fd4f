import type { AgentActionSpec, Decision, Playbook } from '@sentinel/crds';
import {
  type ApiRequest,
  admit,
  frozenAt,
  judgeApiRequest,
  judgeFile,
  judgeHost,
  judgeImage,
  judgeModel,
  judgeRepository,
  judgeStep,
  judgeTool,
  type PolicySet,
  policyName,
  remedyOf,
  showWord,
  stricter,
} from '@sentinel/policy';
import type { Question } from '../input/question.ts';
import { isClusterScoped } from '../input/scope.ts';
import { policiesFor, type Sources } from '../input/sources.ts';
import { onlyReads } from '../worst-case/spellings.ts';
import { type Autonomy, autonomyOfRequest } from './autonomy-of-request.ts';
import { isWrite } from './effects.ts';
import { judgeAction, PLANNED } from './judge-action.ts';
import { type Because, denial, type Needs, opinion, reasonOf, waits } from './reason.ts';
import { riskOfRequest } from './risk-of-request.ts';
import { TAKEN_FOR_GIVEN } from './work.ts';
import { wouldAllow } from './would-allow.ts';

/** A simple command of a command line, and the verdict of the policies about it. */
export interface CommandAnswer {
  readonly command: string;
  readonly decision: Decision;
}

/** The verdict about a question, and every rule that applies, the strictest first. */
export interface Answer {
  readonly decision: Decision;
  readonly because: readonly Because[];
  /** What is allowed instead, if it is not allowed. */
  readonly allowed?: readonly string[];
  /** The simple commands of a command line. */
  readonly commands?: readonly CommandAnswer[];
  readonly needs?: Needs;
  /** How a change could start without a person, or why it cannot; left out if no policy sets `autoReview`. */
  readonly autonomy?: Autonomy;
  /** Every policy that was evaluated, with its digest, so that answers by different policies can be distinguished. */
  readonly policies: readonly { readonly policy: string; readonly digest: string }[];
}

const RANK: Record<Decision, number> = { Allow: 0, RequireApproval: 1, Deny: 2 };

/** Answers a question from policies. */
export function answer(question: Question, sources: Sources): Answer {
  const set = policiesFor(sources, { user: question.as, groups: question.groups }, question.namespace, question.environment);
  const judged = judge(question, set, sources.playbooks);
  // Two checks can report the same reason, such as a missing floor.
  const because = [
    ...new Map([...inGeneral(question, set), ...judged.because].map((one) => [JSON.stringify(one), one])).values(),
  ];
  because.sort((a, b) => RANK[b.decision] - RANK[a.decision]);
  const decision = because[0]?.decision ?? 'Allow';
  const { commands, needs, autonomy } = judged;
  return {
    decision,
    because,
    ...(decision === 'Allow' ? {} : { allowed: wouldAllow(set, question) }),
    ...(commands === undefined ? {} : { commands }),
    ...(needs === undefined || decision === 'Deny' ? {} : { needs }),
    ...(autonomy === undefined || decision === 'Deny' ? {} : { autonomy }),
    policies: digestsOf(set),
  };
}

/** The policies of a set, each with its digest. */
export const digestsOf = ({ policies }: PolicySet): Answer['policies'] =>
  policies.map((policy) => ({ policy: policyName(policy), digest: policy.digest }));

type Judged = Pick<Answer, 'because' | 'commands' | 'needs' | 'autonomy'>;

const changes = ({ api, action }: Question) => (api !== undefined && isWrite(api)) || action?.mode === 'Apply';

// A command has no mode: one that does more than read is evaluated as Apply.
const mayChange = ({ command, mode }: Question) => command !== undefined && mode === undefined && !onlyReads(argvOf(command));

// Rules for every question: no floor, an environment that is not allowed, the kill switch; for changes also the mode and the time.
function inGeneral(question: Question, set: PolicySet): Because[] {
  const mode = question.mode ?? (changes(question) ? 'Apply' : undefined);
  const spec = { intent: { summary: 'x' }, mode: mode ?? 'DryRun', cancelled: false } as AgentActionSpec;
  const rules = new Set(['suspended', 'environments', ...(mode === undefined ? [] : ['modes'])]);
  const refusals = admit({ spec, policies: set, playbook: undefined, trust: TAKEN_FOR_GIVEN, mayUseAccount: true });
  const frozen =
    question.at !== undefined && (mode === 'Apply' || mayChange(question)) ? frozenAt(set, Date.parse(question.at)) : undefined;
  const freeze = frozen && {
    code: 'FreezeActive' as const,
    policy: frozen.policy,
    rule: frozen.rule,
    decision: 'Deny' as const,
    message: `no real run starts until ${new Date(frozen.until).toISOString()}: ${frozen.reason}`,
    remedy: remedyOf('FreezeActive'),
  };
  return [
    ...set.refusals.map(denial),
    ...refusals.filter(({ rule }) => rules.has(rule)).map(denial),
    ...(freeze ? [freeze] : []),
  ];
}

function judge(question: Question, set: PolicySet, playbooks: readonly Playbook[]): Judged {
  const { command, api, host, image, tool, model, file, repository, action, namespace } = question;
  if (command !== undefined) return ofCommand(set, command);
  if (api) {
    const isWide = api.clusterWide ?? (api.namespace === undefined && isClusterScoped(api.resource));
    const reach = isWide ? undefined : (api.namespace ?? namespace);
    const { verb, apiGroup, resource, name } = api;
    return ofApi(set, namespace, { verb, apiGroup, resource, namespace: reach, name }, question.mode);
  }
  if (host !== undefined) return { because: [opinion(judgeHost(set, host), 'HostNotAllowed')] };
  if (image !== undefined) return { because: [opinion(judgeImage(set, image), 'ImageNotAllowed')] };
  if (tool) return { because: [opinion(judgeTool(set, tool), 'ToolNotAllowed')] };
  if (model) return { because: [opinion(judgeModel(set, { url: model.url, model: model.name }), 'ModelNotAllowed')] };
  if (file) return { because: [opinion(judgeFile(set, file.access, file.path), 'FileNotAllowed')] };
  if (repository !== undefined) return { because: [opinion(judgeRepository(set, repository), 'RepositoryNotAllowed')] };
  return action ? judgeAction(question, action, set, playbooks) : { because: [] };
}

function ofCommand(set: PolicySet, command: string | readonly string[]): Judged {
  const verdict = judgeStep(set, { command: [...argvOf(command)] });
  const commands = verdict.commands.flatMap(({ role, words }, index) => {
    if (role !== 'Command') return [];
    const decision = verdict.reasons
      .filter((reason) => reason.command === index)
      .reduce<Decision>((strictest, reason) => stricter(strictest, reason.decision), 'Allow');
    return [{ command: words.map(showWord).join(' '), decision }];
  });
  const silent: Because = {
    policy: 'Sentinel',
    rule: 'commands',
    decision: 'Allow',
    message: 'no policy has rules about commands',
  };
  return { because: verdict.reasons.length > 0 ? verdict.reasons.map(reasonOf) : [silent], commands };
}

// A text without shell syntax is a command and not a script.
const argvOf = (command: string | readonly string[]): readonly string[] =>
  typeof command !== 'string'
    ? command
    : /^[\w@%+:,./-][\w@%+=:,./ -]*$/.test(command)
      ? command.trim().split(/ +/)
      : ['sh', '-c', command];

const REHEARSED = { decision: 'Allow', message: 'it may be rehearsed' } as const;

function ofApi(set: PolicySet, namespace: string, request: ApiRequest, mode: Question['mode']): Judged {
  const { decision, decidedBy, refusal } = judgeApiRequest(set, namespace, request);
  if (refusal) return { because: [denial(refusal)] };
  const at = decidedBy.indexOf(': ');
  const said = { Allow: 'is allowed', RequireApproval: 'needs approval', Deny: 'is denied' }[decision];
  const because: Because[] = [
    {
      policy: decidedBy.slice(0, at),
      rule: decidedBy.slice(at + 2),
      decision,
      message: `${request.verb} ${request.resource} ${said}`,
    },
  ];
  if (!isWrite(request)) return { because };
  // Even if the rule allows it, a change is part of a plan, and a plan waits for approval.
  const { level, refusals, requirements } = riskOfRequest(set, namespace, request);
  if (refusals.length > 0) return { because: [...because, ...refusals.map(denial)] };
  // Approval is needed before a plan starts, and the plan of a DryRun never starts.
  if (mode === 'DryRun') return { because: [...because.map((one) => ({ ...one, ...REHEARSED })), PLANNED] };
  const autonomy = autonomyOfRequest(set, namespace, request);
  return {
    because: [...because, waits(level, requirements)],
    needs: { risk: level, ...requirements },
    ...(autonomy ? { autonomy } : {}),
  };
}
