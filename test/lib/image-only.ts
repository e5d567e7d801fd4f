/** A Deployment that runs no pods. */
export const idle = (name: string, namespace: string, image: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'web', image }] } },
  },
});

/** A Deployment that runs no pods: its image is what changes. */
export const imageOnly = (name: string, namespace: string) => idle(name, namespace, 'localhost/web:one');
