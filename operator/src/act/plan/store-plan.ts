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

/** A plan, what the gateway sealed of it, and what has no room in it. */
interface Made {
  readonly spec: ActionPlanSpec;
  readonly draft: PlanDraft;
  readonly parts: readonly ActionPlanPartSpec[];
}

/** The plan that is stored, or why there is another one under its name, which nobody can change any more. */
export type StoredPlan = { readonly spec: ActionPlanSpec; readonly digest: string } | { readonly conflict: string };

/**
 * Stores a plan and its parts, once. Answers with the plan that is stored, which may be that of a pass that crashed. Where that pass was
 * of another version, it may have made another plan of the same recording: then there has to be another rehearsal.
 */
export async function storePlan(
  context: ActContext,
  pass: Pass,
  name: string,
  { spec, draft, parts }: Made,
): Promise<StoredPlan> {
  // The parts come first: whoever sees the plan finds them.
  const conflict = await createParts(context, pass, name, parts);
  if (conflict !== undefined) return { conflict };
  return await createPlan(context, pass, name, { spec, draft });
}

// They are what the gateway recorded, so another pass makes the same ones. Answers with why one of them is not.
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
    // A pass that crashed before its status write made it, and may have counted other runs: what it shows holds.
    if (stored.spec.recording?.digest !== spec.recording?.digest || planDifferences(stored.spec, draft).length > 0)
      return { conflict: `ActionPlan/${name} exists with other content` };
    return { spec: stored.spec, digest: digestOf(stored.spec) };
  }
}
