import type { Effect, FieldChange } from '@sentinel/crds';
import type { ApiRequest } from '@sentinel/policy';
import { z } from 'zod';
import { resourceFault } from '../input/known-resources.ts';
import { isClusterScoped } from '../input/scope.ts';

const path = z.string().regex(/^(\/[^/]+)*$/, 'must be a JSON pointer, such as /spec/replicas');

// Plans contain values as JSON text. A text that is not JSON is the value itself.
const value = z.json().transform((given) => (typeof given === 'string' && isJson(given) ? given : JSON.stringify(given)));

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A write that a rehearsal would find, in the form of a test case: `change` names the fields, with their values if these matter. */
export const CaseEffect = z
  .strictObject({
    verb: z.enum(['create', 'update', 'patch', 'delete']).default('patch'),
    apiGroup: z.string().default(''),
    resource: z.string().min(1),
    namespace: z.string().min(1).optional(),
    name: z.string().min(1).default('any'),
    change: z
      .array(
        z.union(
          [path, z.strictObject({ path, before: value.optional(), after: value.optional(), redacted: z.boolean().optional() })],
          'must be a JSON pointer, such as /spec/replicas, or {path, before, after}',
        ),
      )
      .min(1)
      .optional(),
    hiddenChanges: z.int().min(1).optional(),
    reversible: z.boolean().default(true),
    origin: z.enum(['Observed', 'Declared']).default('Observed'),
    pods: z.strictObject({ before: z.int().min(0), after: z.int().min(0) }).optional(),
  })
  .superRefine(({ apiGroup, resource }, context) => {
    const message = resourceFault(apiGroup, resource);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
export type CaseEffect = z.infer<typeof CaseEffect>;

/** The effects of a case in the form of a plan. An object without a namespace is in that of the action, or cluster-scoped. */
export function effectsOf(cases: readonly CaseEffect[], namespace: string): Effect[] {
  return cases.map(({ change, namespace: place, ...rest }, index) => ({
    ...rest,
    ...(isClusterScoped(rest.resource) ? {} : { namespace: place ?? namespace }),
    index,
    version: 'v1',
    kind: '',
    changeDigest: '',
    ...(rest.verb === 'delete'
      ? {}
      : { change: (change ?? ['/spec']).map((one) => (typeof one === 'string' ? { path: one } : one)) }),
  })) as Effect[];
}

const verbs: Readonly<Record<string, Effect['verb']>> = {
  create: 'create',
  update: 'update',
  patch: 'patch',
  delete: 'delete',
  deletecollection: 'delete',
};

/** Whether a request changes something. */
export const isWrite = ({ verb }: Pick<ApiRequest, 'verb'>): boolean => Object.hasOwn(verbs, verb);

/** A field that gets an unknown value. */
export const changed = (path: string): FieldChange => ({ path, after: '{}' });

/** The effect of a request that changes these fields and can be rolled back. */
export function effectOf(request: ApiRequest, change: FieldChange[] = [changed('/spec')], more: Partial<Effect> = {}): Effect {
  const verb = verbs[request.verb] ?? 'patch';
  return {
    index: 0,
    verb,
    apiGroup: request.apiGroup,
    version: 'v1',
    resource: request.resource,
    kind: '',
    ...(request.namespace === undefined ? {} : { namespace: request.namespace }),
    name: request.name ?? 'any',
    changeDigest: '',
    origin: 'Observed',
    reversible: true,
    ...(verb === 'delete' ? {} : { change }),
    ...more,
  };
}
