import type { AgentAction } from '@sentinel/crds';
import type { KubeClient, Logger } from '@sentinel/kube';
import type { SandboxSettings } from '@sentinel/policy';
import type { EvidenceClient } from '../evidence-client.ts';
import type { Facts } from '../facts/facts.ts';
import type { GatewayClient } from '../gateway-client.ts';
import type { Draft } from '../status/conditions.ts';
import type { LogTurns } from './log-turns.ts';

/** The dependencies of the modules in act/. */
export interface ActContext {
  readonly client: KubeClient;
  readonly gateway: GatewayClient;
  /** Where the logs and results of stages are stored; undefined where no evidence store is installed. */
  readonly evidence?: Pick<EvidenceClient, 'store' | 'fault'> | undefined;
  /** Who may read logs of sandboxes now. */
  readonly logTurns: Pick<LogTurns, 'tryTake'>;
  readonly settings: () => Promise<SandboxSettings>;
  readonly logger: Logger;
}

/** How long to wait for a turn to read logs. */
export const LOG_RETRY_MS = 250;

/** The digest of evidence that is stored, and what of it is missing and why. */
export interface StoredEvidence {
  readonly digest?: string | undefined;
  readonly missing?: string | undefined;
}

/** The changes of one reconcile: the status to write, and the steps that follow once it is written. */
export interface Pass {
  readonly facts: Facts;
  readonly action: AgentAction;
  readonly draft: Draft;
  readonly now: number;
  /** Done after the status is stored, never before: a crash in between is found by the next pass. */
  readonly afterwards: (() => Promise<void>)[];
  /** The evidence of the stage that ends in this reconcile. Undefined if none ends, or where no evidence store is installed. */
  evidence?: StoredEvidence | undefined;
  /** When to reconcile again, where this reconcile could not do all of its step. */
  againAfterMs?: number;
}
