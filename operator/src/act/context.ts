import type { AgentAction } from '@sentinel/crds';
import type { KubeClient, Logger } from '@sentinel/kube';
import type { SandboxSettings } from '@sentinel/policy';
import type { Facts } from '../facts/facts.ts';
import type { GatewayClient } from '../gateway-client.ts';
import type { Draft } from '../status/conditions.ts';

/** The dependencies of the modules in act/. */
export interface ActContext {
  readonly client: KubeClient;
  readonly gateway: GatewayClient;
  readonly settings: () => Promise<SandboxSettings>;
  readonly logger: Logger;
}

/** The changes of one reconcile: the status to write, and the steps that follow once it is written. */
export interface Pass {
  readonly facts: Facts;
  readonly action: AgentAction;
  readonly draft: Draft;
  readonly now: number;
  /** Done after the status is stored, never before: a crash in between is found by the next pass. */
  readonly afterwards: (() => Promise<void>)[];
}
