import {
  type ActionPlan,
  type ActionPlanPart,
  type ActionPlanPartSpec,
  type ActionPlanSpec,
  API_VERSION,
  actionPlanParts,
  actionPlans,
  digestOf,
  type PlanDraft,
  planPartName,
} from '@sentinel/crds';
import { isAlreadyExists } from '@sentinel/kube';
import { planDifferences } from '@sentinel/policy';
import type { ActContext, Pass } from '../context.ts';

/** A plan, the sealed part of the gateway, and the changes that do not fit into it. */
interface Made {
  readonly spec: ActionPlanSpec;
  readonly draft: PlanDraft;
  readonly parts: readonly ActionPlanPartSpec[];
}

/** The stored plan, or why another plan with its name exists, which cannot be changed any more. */
export type StoredPlan = { readonly spec: ActionPlanSpec; readonly digest: string } | { readonly conflict: string };

/**
 * Stores a plan and its parts, once. Returns the stored plan, which may be that of a reconcile that crashed. If that was an operator of
 * another version, it may have made a different plan from the same recording: then another rehearsal is needed.
 */
export async function storePlan(
  context: ActContext,
  pass: Pass,
  name: string,
  { spec, draft, parts }: Made,
): Promise<StoredPlan> {
  // The parts are stored first, so that they exist when the plan is visible.
  const conflict = await createParts(context, pass, name, parts);
  if (conflict !== undefined) return { conflict };
  return await createPlan(context, pass, name, { spec, draft });
}

// They contain what the gateway recorded, so another reconcile makes the same ones. Returns why one of them differs.
async function createParts(
  { client }: ActContext,
  { action }: Pass,
  plan: string,
  parts: readonly ActionPlanPartSpec[],
): Promise<string | undefined> {
  for (const spec of parts) {
    const name = planPartName(plan, spec.number);
    const metadata = { name, namespace: action.metadata.namespace ?? '', ownerReferences: [ownerOf(action)] };
    const part: ActionPlanPart = { apiVersion: API_VERSION, kind: 'ActionPlanPart', metadata, spec };
    const stored = await client.create(actionPlanParts, part).catch(async (error: unknown) => {
      if (!isAlreadyExists(error)) throw error;
      return await client.getOrThrow(actionPlanParts, { name, namespace: action.metadata.namespace });
    });
    if (digestOf(stored.spec) !== digestOf(spec)) return `ActionPlanPart/${name} holds other content than was recorded`;
  }
  return undefined;
}

const ownerOf = ({ metadata }: Pass['action']) => ({
  apiVersion: API_VERSION,
  kind: 'AgentAction',
  name: metadata.name,
  uid: metadata.uid ?? '',
  controller: true,
});

async function createPlan(
  { client }: ActContext,
  { action }: Pass,
  name: string,
  { spec, draft }: Pick<Made, 'spec' | 'draft'>,
): Promise<StoredPlan> {
  const digest = digestOf(spec);
  const plan: ActionPlan = {
    apiVersion: API_VERSION,
    kind: 'ActionPlan',
    metadata: { name, namespace: action.metadata.namespace ?? '', ownerReferences: [ownerOf(action)] },
    spec,
  };
  try {
    const stored = await client.create(actionPlans, plan);
    if (digestOf(stored.spec) !== digest)
      return { conflict: `the API server stored another plan than was sent (ActionPlan/${name})` };
    return { spec, digest };
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const stored = await client.getOrThrow(actionPlans, { name, namespace: action.metadata.namespace });
    // A reconcile that crashed before its status write made this plan, and may have counted other runs: the stored plan counts.
    if (stored.spec.recording?.digest !== spec.recording?.digest || planDifferences(stored.spec, draft).length > 0)
      return { conflict: `ActionPlan/${name} exists with other content` };
    return { spec: stored.spec, digest: digestOf(stored.spec) };
  }
}
