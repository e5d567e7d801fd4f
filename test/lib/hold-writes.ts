import { type PendingReview, serveLocalWebhook } from './hostile/local-webhook.ts';

/** Writes that the API server has begun and cannot finish until they are let go. */
export interface HeldWrites {
  /** How many are held at this moment. */
  held(): number;
  /** Lets all go, and holds nothing any more. */
  letGo(): void;
  stop(): Promise<void>;
}

/**
 * Holds every creation of a ConfigMap in a namespace that is not a dry-run, by a webhook on this machine. The API server waits for a
 * webhook for 30 seconds at most.
 */
export async function holdWrites(namespace: string): Promise<HeldWrites> {
  const waiting = new Set<PendingReview>();
  let holds = true;
  const stopServing = await serveLocalWebhook({
    name: 'hold',
    namespace,
    rule: { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] },
    review: (pending) => {
      if (!holds || pending.dryRun) return pending.allow();
      waiting.add(pending);
      void pending.ended.then(() => waiting.delete(pending));
    },
  });
  const letGo = () => {
    holds = false;
    for (const pending of [...waiting]) pending.allow();
  };
  return {
    held: () => waiting.size,
    letGo,
    stop: async () => {
      letGo();
      await stopServing();
    },
  };
}
