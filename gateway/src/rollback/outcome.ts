import type { AgentActionStatus } from '@sentinel/crds';

/** What happened to one effect in a rollback. */
export type Outcome = NonNullable<AgentActionStatus['rollback']>[number];
/** The same, without the number of the effect. */
export type Restored = Omit<Outcome, 'effect'>;

/** The object as it is now. */
export interface Live {
  readonly metadata: { readonly uid: string; readonly resourceVersion: string };
}

/** The API server refused a write. If the object still has the same version, the refusal was not caused by a precondition. */
export interface Refusal {
  readonly version: string;
  readonly answer: { readonly status: number; readonly body: Buffer };
}
