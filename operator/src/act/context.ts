import type { AgentAction } from '@sentinel/crds';
import type { KubeClient, Logger } from '@sentinel/kube';
import type { SandboxSettings } from '@sentinel/policy';
import type { Facts } from '../facts/facts.ts';
import type { GatewayClient } from '../gateway-client.ts';
import type { Draft } from '../status/conditions.ts';

/** What the modules of act/ work with. */
export interface ActContext {
  readonly client: KubeClient;
  readonly gateway: GatewayClient;
  readonly settings: () => Promise<SandboxSettings>;
  readonly logger: Logger;
}

/** What one pass changes: the status to write, and what follows once it is written. */
export interface Pass {
  readonly facts: Facts;
  readonly action: AgentAction;
  readonly draft: Draft;
  readonly now: number;
  /** Done after the status is stored, never before: a crash in between is found by the next pass. */
  readonly afterwards: (() => Promise<void>)[];
}
