import type { ActKind } from '@sentinel/crds';
import {
  type Clock,
  Controller,
  type Informer,
  type KubeClient,
  type KubeObject,
  type Logger,
  type Runnable,
} from '@sentinel/kube';
import type { Caches } from '../caches.ts';
import { changeOf, nameChange, type SeenChange } from './unnamed.ts';

/**
 * Looks for changes of which the webhook wrote nothing down, and writes them down by nobody known: the trail has a gap in its names
 * then, and not in its acts. In the leader alone, from its start on; what changes while no operator runs is not noticed.
 */
export function watchUnnamedActs(client: KubeClient, caches: Caches, logger: Logger, clock: Clock): Runnable {
  const seen = new Map<string, SeenChange>();
  let isLeading = false;
  const controller = new Controller({
    name: 'unnamed-acts',
    logger,
    reconcile: async (key, signal) => {
      const change = seen.get(key);
      if (change) await nameChange(client.until(signal), change, clock.now());
      seen.delete(key);
    },
  });
  const observe = <T extends KubeObject>(kind: ActKind, informer: Informer<T>) => {
    let isSynced = false;
    // What is there at first has been changed by nobody just now.
    void informer.synced.then(() => {
      isSynced = true;
    });
    informer.onChange((delta) => {
      const change = isLeading && isSynced ? changeOf(kind, delta) : undefined;
      if (!change) return;
      const key = `${change.object.metadata.uid ?? ''}/${change.generation}`;
      seen.set(key, change);
      controller.enqueue(key);
    });
  };
  observe('AgentAction', caches.actions);
  observe('Playbook', caches.playbooks);
  observe('AgentPolicy', caches.policies);
  observe('ClusterAgentPolicy', caches.clusterPolicies);
  return {
    name: controller.name,
    start: async (signal) => {
      isLeading = true;
      await controller.start(signal);
    },
  };
}
