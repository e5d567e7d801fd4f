import type { Effect, RiskLevel } from '@sentinel/crds';
import {
  type ApiRequest,
  computeRisk,
  judgeHighRisk,
  judgePlan,
  type PolicySet,
  type Refusal,
  type Requirements,
} from '@sentinel/policy';

const verbs: Readonly<Record<string, Effect['verb']>> = {
  create: 'create',
  update: 'update',
  patch: 'patch',
  delete: 'delete',
  deletecollection: 'delete',
};

/** Whether a request changes something. */
export const isWrite = ({ verb }: Pick<ApiRequest, 'verb'>): boolean => Object.hasOwn(verbs, verb);

/** The risk of a plan that holds one request alone, and what it needs or why it is refused. */
export interface RequestRisk {
  readonly level: RiskLevel;
  readonly why: readonly string[];
  readonly requirements: Requirements;
  readonly refusals: readonly Refusal[];
}

/**
 * Judges the plan that a request would lead to. What it changes is not known before a rehearsal: it is taken for a change of the
 * spec that can be taken back, so that a real plan may be of a higher risk, or of a lower one when only labels change. `path` is a field that it changes.
 */
export function riskOfRequest(set: PolicySet, namespace: string, request: ApiRequest, path = '/spec'): RequestRisk {
  const verb = verbs[request.verb] ?? 'patch';
  const effect: Effect = {
    index: 0,
    verb,
    apiGroup: request.apiGroup,
    version: 'v1',
    resource: request.resource,
    kind: '',
    ...(request.namespace === undefined ? {} : { namespace: request.namespace }),
    name: request.name ?? 'any',
    changeDigest: '',
    origin: 'Declared',
    reversible: true,
    ...(verb === 'delete' ? {} : { change: [{ path, after: '{}' }] }),
  };
  const { level, parts } = computeRisk({
    effects: [effect],
    undeclared: [],
    notObservable: [],
    environment: set.environment,
    floor: undefined,
    raised: judgeHighRisk(set, [effect]).raised,
  });
  const { refusals, requirements } = judgePlan({ ...set, refusals: [] }, namespace, [effect], level);
  return { level, why: parts.map(({ message }) => message), requirements, refusals };
}
