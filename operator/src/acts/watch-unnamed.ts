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
 * Finds changes that the webhook did not record, and records them with an unknown person, so that the trail has no missing acts. Runs only in
 * the leader, from its start on; changes while no operator runs are not noticed.
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
    // Objects of the first list were not changed just now.
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
