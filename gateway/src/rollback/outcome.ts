import type { AgentActionStatus } from '@sentinel/crds';

/** What became of one effect in a rollback. */
export type Outcome = NonNullable<AgentActionStatus['rollback']>[number];
/** The same, before it is known for which effect. */
export type Restored = Omit<Outcome, 'effect'>;

/** The object as it is now. */
export interface Live {
  readonly metadata: { readonly uid: string; readonly resourceVersion: string };
}

/** The API server refused a write. If the object has the same version still, no precondition failed, and it means the write itself. */
export interface Refusal {
  readonly version: string;
  readonly answer: { readonly status: number; readonly body: Buffer };
}
