import { type AgentAction, type AgentActionSpec, API_VERSION, type Effect, type Playbook } from '@sentinel/crds';
import { type ApiRequest, admit, type Identity, judgeAgent, judgeImage, type PolicySet } from '@sentinel/policy';
import { autoPlaybook } from '../evaluate/autonomy-of-request.ts';
import { effectOf } from '../evaluate/effects.ts';
import { judgeRehearsed, type PlanJudged } from '../evaluate/rehearsed.ts';
import { TAKEN_FOR_GIVEN, type Work, workOf } from '../evaluate/work.ts';
import { sampleOf } from '../lint/finding.ts';
import { type Candidate, candidates } from './candidates.ts';
import { type Content, contentsOf } from './destructive-commands.ts';
import { spellingsFor } from './spellings.ts';

/** How an action makes a change: with ad-hoc steps, or with a trusted Playbook whose autonomy is 'Auto'. */
export type Way = 'OwnSteps' | 'Playbook';
const WAYS: readonly Way[] = ['OwnSteps', 'Playbook'];

/** An action that the policies admit, with the result of its rehearsal and the evaluation of that. */
export interface Example {
  readonly way: Way;
  readonly action: AgentAction;
  /** The command that it runs. */
  readonly command: readonly string[];
  /** The position of the command among the equivalent command lines. */
  readonly spelling: number;
  /** The Playbook that it needs, which must be trusted. */
  readonly playbook: Playbook | undefined;
  readonly effects: readonly Effect[];
  readonly judged: PlanJudged;
}

/** The identity and the namespace of an example. */
export interface Tried {
  readonly set: PolicySet;
  readonly namespace: string;
  readonly who: Identity;
  /** Prefixes of command lines that rules allow. */
  readonly lines: readonly (readonly string[])[];
}

// Limits the number of attempts, so that many namespaces and names take only seconds.
const MAX = 600;
const ACCOUNT = 'account';
const IMAGE = `registry.example.com/tools@sha256:${'0'.repeat(64)}`;

interface Multiple {
  readonly objects?: number;
  /** The command line that is evaluated. */
  readonly spelling?: number;
}

/**
 * The action that would send a request to one or several objects, if the policies admit it and do not deny its plan; of several command
 * lines the first one that needs no person, or else the first one that is not denied. Enough earlier successful runs are assumed.
 */
export function exampleOf(
  tried: Tried,
  way: Way,
  { request }: Candidate,
  content: Content,
  { objects = 1, spelling }: Multiple = {},
): Example | undefined {
  const { set, who } = tried;
  if (judgeAgent(set, who).length > 0) return undefined;
  const names = objects === 1 ? [request.name ?? 'any'] : Array.from({ length: objects }, (_, index) => `any-${index + 1}`);
  let first: Example | undefined;
  for (const [index, { command, names: own }] of spellingsFor(tried.lines, request, names, content).entries()) {
    if ((spelling !== undefined && index !== spelling) || (own && objects > 1)) continue;
    const { action, work } = asAction(tried, way, request.namespace, command);
    const facts = { spec: action.spec, policies: set, playbook: work.playbook, trust: work.trust, mayUseAccount: true };
    if (admit(facts).length > 0) continue;
    const effects = effectsOn(own ?? names, request, content);
    const judged = judgeRehearsed(set, { action, work, effects, succeeded: undefined });
    if (judged.refusals.length > 0) continue;
    const playbook = work.adHoc ? undefined : asJudged(work.playbook, judged);
    const example = { way, action, command, spelling: index, playbook, effects, judged };
    if (judged.requirements.autoReview) return example;
    first ??= example;
  }
  return first;
}

// A Playbook whose plans wait for approval is shown as such.
const asJudged = (playbook: Playbook | undefined, { requirements }: PlanJudged): Playbook | undefined =>
  playbook && !requirements.autoReview
    ? { ...playbook, spec: { ...playbook.spec, description: 'A change that people approve.', autonomy: 'Approve' } }
    : playbook;

const effectsOn = (names: readonly string[], request: ApiRequest, { change, pods }: Content): Effect[] =>
  names.map((name, index) => effectOf({ ...request, name }, change, { index, ...(pods ? { pods } : {}) }));

function asAction(
  { set, namespace }: Tried,
  way: Way,
  place: string | undefined,
  command: readonly string[],
): { action: AgentAction; work: Work } {
  const steps = [{ name: 'worst', command: [...command] }];
  const image = imageOf(set);
  const own = way === 'OwnSteps';
  const name = playbookNameOf(set);
  const spec: AgentActionSpec = {
    intent: { summary: 'The worst that the policies let through.' },
    ...(own ? { steps, account: ACCOUNT, image } : { playbookRef: { name } }),
    ...(place === undefined || place === namespace ? {} : { target: { namespaces: [place] } }),
    mode: 'Apply',
    cancelled: false,
  };
  const action: AgentAction = {
    apiVersion: API_VERSION,
    kind: 'AgentAction',
    metadata: { name: 'worst-case', namespace },
    spec,
  };
  if (own) return { action, work: workOf(action, []) };
  const playbook: Playbook = {
    apiVersion: API_VERSION,
    kind: 'Playbook',
    metadata: { name, namespace },
    spec: autoPlaybook(steps, image),
  };
  return { action, work: { playbook, trust: TAKEN_FOR_GIVEN, adHoc: false } };
}

// An image that all policies allow, if one of their patterns is such an image.
function imageOf(set: PolicySet): string {
  const named = set.policies
    .flatMap(({ spec }) => spec?.images?.allow ?? [])
    .flatMap((pattern) => {
      const sample = sampleOf(pattern);
      return [sample, `${sample.replace(/[@:][^/]*$/, '')}@sha256:${'0'.repeat(64)}`];
    });
  return [IMAGE, ...named].find((image) => judgeImage(set, image).decision !== 'Deny') ?? IMAGE;
}

function playbookNameOf(set: PolicySet): string {
  const lists = set.policies.flatMap(({ spec }) => (spec?.playbooks.allow ? [spec.playbooks.allow] : []));
  return lists[0]?.find((name) => lists.every((list) => list.includes(name))) ?? 'worst-case';
}

/** An example, with its request and its content. */
export interface Found {
  readonly candidate: Candidate;
  readonly content: Content;
  readonly example: Example;
}

/** Examples for every kind of allowed request, each content and each way that the policies admit. */
export function examplesOf(tried: Tried): Found[] {
  if (tried.set.refusals.length > 0) return [];
  return candidates(tried.set, tried.namespace)
    .slice(0, MAX)
    .flatMap((candidate) =>
      contentsOf(candidate.request).flatMap((content) =>
        WAYS.flatMap((way): Found[] => {
          const example = exampleOf(tried, way, candidate, content);
          return example ? [{ candidate, content, example }] : [];
        }),
      ),
    );
}
