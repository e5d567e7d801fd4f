import { AgentActionSpec, Decision } from '@sentinel/crds';
import { z } from 'zod';
import { CaseEffect } from '../evaluate/effects.ts';
import { requestFault } from './known-resources.ts';
import { CaseParent } from './lineage-facts.ts';
import { celFaults, strictFaults } from './strict-faults.ts';

const groups = z.array(z.string().min(1)).default([]);
const As = z.union(
  [
    z.string().min(1),
    z.strictObject({ user: z.string().min(1), groups }),
    z.strictObject({ serviceAccount: z.string().min(1), groups }),
  ],
  'must say who asks: a user as the API server names it, {user, groups} or {serviceAccount: NAMESPACE:NAME, groups}',
);

const what = {
  command: z.union([z.string().min(1), z.array(z.string()).min(1)]).optional(),
  api: z
    .strictObject({
      verb: z.string().min(1),
      apiGroup: z.string().default(''),
      resource: z.string().min(1),
      namespace: z.string().optional(),
      name: z.string().optional(),
      clusterWide: z.boolean().optional(),
    })
    .optional(),
  host: z.string().optional(),
  image: z.string().optional(),
  tool: z.strictObject({ server: z.string(), tool: z.string(), schemaDigest: z.string().optional() }).optional(),
  model: z.strictObject({ url: z.string().min(1), name: z.string().min(1).optional() }).optional(),
  file: z.strictObject({ access: z.enum(['read', 'write']), path: z.string() }).optional(),
  repository: z.string().optional(),
  action: z.unknown().optional(),
};
// Facts about an action that a cluster would provide, in addition to its spec.
const rehearsal = {
  effects: z.array(CaseEffect).max(500).optional(),
  succeeded: z.int().min(0).optional(),
  parent: CaseParent.optional(),
};

const when = {
  mode: z.enum(['DryRun', 'Apply']).optional(),
  at: z.iso.datetime({ offset: true }).optional(),
};
/** The mode and the time. */
export const Moment = z.strictObject(when);

/** The possible subjects of a question. */
export const askable = Object.keys(what) as (keyof typeof what)[];

/**
 * A question to policies: identity, place, time, and exactly one subject. `as` is a user name as in the API server, or
 * `{user, groups}`, or `{serviceAccount: NAMESPACE:NAME, groups}`; the default namespace is `namespace`. For an action,
 * `effects` are the result of its rehearsal, `succeeded` the number of successful runs since the last failure, `parent` its parent.
 */
export const Question = z
  .strictObject({
    id: z.union([z.string(), z.number()]).optional(),
    as: As,
    groups,
    namespace: z.string().min(1).default('default'),
    environment: z.string().optional(),
    ...when,
    trusted: z.boolean().default(true),
    mayUseAccount: z.boolean().default(true),
    ...rehearsal,
    ...what,
  })
  .transform((question, context) => {
    const asked = askable.filter((kind) => question[kind] !== undefined);
    const fail = (message: string) => {
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    };
    if (asked.length !== 1)
      return fail(`must ask one of ${askable.join(', ')}${asked.length > 1 ? `, not ${asked.join(' and ')}` : ''}`);
    const unknown = question.api && requestFault(question.api);
    if (unknown !== undefined) return fail(`api: ${unknown}`);
    const stray = (Object.keys(rehearsal) as (keyof typeof rehearsal)[]).find((key) => question[key] !== undefined);
    if (stray !== undefined && question.action === undefined) return fail(`\`${stray}\` goes with \`action\``);
    const action = question.action === undefined ? undefined : AgentActionSpec.safeParse(question.action);
    if (action) {
      const faults = action.success
        ? [...strictFaults('AgentAction', question.action), ...celFaults('AgentAction', action.data)].map((fault) =>
            fault.replace(/^spec/, 'action'),
          )
        : action.error.issues.map(({ path, message }) => `${['action', ...path].join('.')}: ${message}`);
      if (faults.length > 0) return fail(faults.join('; '));
    }
    const { as, action: _, groups: more, ...rest } = question;
    const { user, groups } = identityOf(as, question.namespace);
    return {
      ...rest,
      ...(action ? { action: asPart(action.data as AgentActionSpec, question.parent) } : {}),
      as: user,
      groups: [...groups, ...more],
    };
  });
export type Question = z.infer<typeof Question>;

// A case that describes a parent is about a child action, even if the action does not name the parent.
const asPart = (action: AgentActionSpec, parent: CaseParent | undefined): AgentActionSpec =>
  parent === undefined || action.intent.parentAction !== undefined
    ? action
    : { ...action, intent: { ...action.intent, parentAction: 'parent' } };

function identityOf(as: z.infer<typeof As>, namespace: string): { user: string; groups: string[] } {
  if (typeof as === 'string') return { user: as, groups: [] };
  if ('user' in as) return as;
  const name = as.serviceAccount.includes(':') ? as.serviceAccount : `${namespace}:${as.serviceAccount}`;
  return { user: `system:serviceaccount:${name.replace(/^system:serviceaccount:/, '')}`, groups: as.groups };
}

/** A case of a test: a question and what the answer must be. */
export const PolicyTest = z.strictObject({
  kind: z.literal('PolicyTest'),
  apiVersion: z.string().optional(),
  metadata: z.looseObject({ name: z.string() }).optional(),
  cases: z
    .array(
      z
        .looseObject({
          name: z.string().min(1),
          expect: Decision,
          because: z.string().min(1).optional(),
          approvals: z.int().min(0).optional(),
        })
        .transform((one, context) => {
          const { name, expect, because, approvals, ...rest } = one;
          const question = Question.safeParse(rest);
          if (question.success) return { name, expect, because, approvals, question: question.data };
          for (const { path, message } of question.error.issues)
            context.addIssue({ code: 'custom', message: `'${name}': ${path.join('.')}${path.length > 0 ? ': ' : ''}${message}` });
          return z.NEVER;
        }),
    )
    .min(1),
});
export type PolicyTest = z.infer<typeof PolicyTest>;
