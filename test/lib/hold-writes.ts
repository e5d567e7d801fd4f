import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { layout } from '@sentinel/cluster';
import { createAuthority, issueServerCertificate } from '@sentinel/kube/certificates';
import { admin } from './cluster.ts';

/** Writes that the API server has begun and cannot finish until they are let go. */
export interface HeldWrites {
  /** How many are held at this moment. */
  held(): number;
  /** Lets all go, and holds nothing any more. */
  letGo(): void;
  stop(): Promise<void>;
}

interface Review {
  readonly request: { readonly uid: string; readonly dryRun?: boolean };
}

/**
 * Holds every creation of a ConfigMap in a namespace that is not a dry-run, by a webhook on this machine. The API server waits for a
 * webhook for 30 seconds at most.
 */
export async function holdWrites(namespace: string): Promise<HeldWrites> {
  const authority = await createAuthority('hold', 1);
  const name = `hold-${namespace}`;
  const waiting = new Set<() => void>();
  let holds = true;
  const server = createServer(await issueServerCertificate(authority, [`hold.${namespace}.svc`], 1), (request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    request.on('end', () => {
      const { uid, dryRun } = (JSON.parse(text) as Review).request;
      const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid, allowed: true } };
      const answer = () => {
        waiting.delete(answer);
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(review));
      };
      if (holds && dryRun !== true) waiting.add(answer);
      else answer();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, layout.hostAddress, resolve));
  const { port } = server.address() as AddressInfo;
  // A Service without a selector: its address is this machine, as the cluster sees it.
  const objects = [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'hold', namespace },
      spec: { ports: [{ name: 'https', port: 443, targetPort: port }] },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'hold-1', namespace, labels: { 'kubernetes.io/service-name': 'hold' } },
      addressType: 'IPv4',
      ports: [{ name: 'https', port, protocol: 'TCP' }],
      endpoints: [{ addresses: [layout.hostAddress], conditions: { ready: true } }],
    },
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name },
      webhooks: [
        {
          name: 'hold.sentinel.example',
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
          failurePolicy: 'Fail',
          timeoutSeconds: 30,
          clientConfig: {
            service: { name: 'hold', namespace },
            caBundle: Buffer.from(authority.cert).toString('base64'),
          },
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
          rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
        },
      ],
    },
  ];
  for (const object of objects) await admin.apply(JSON.stringify(object));
  // A configuration is in force a moment after it is stored.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const letGo = () => {
    holds = false;
    for (const answer of [...waiting]) answer();
  };
  return {
    held: () => waiting.size,
    letGo,
    stop: async () => {
      letGo();
      await admin.kubectl(['delete', 'validatingwebhookconfiguration', name, '--ignore-not-found']);
      server.closeAllConnections();
      server.close();
    },
  };
}
