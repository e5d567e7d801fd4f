import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { layout } from '@sentinel/cluster';
import { createAuthority, issueServerCertificate } from '@sentinel/kube/certificates';
import { admin } from '../cluster.ts';

/** A write that the API server asks about, and waits for 30 seconds at most. */
export interface PendingReview {
  readonly dryRun: boolean;
  /** Resolves when it is answered, or when the API server does not wait any more. */
  readonly ended: Promise<unknown>;
  allow(): void;
  /** Ends the connection without an answer: the API server refuses the write with 500. */
  hangUp(): void;
}

/** Which writes the API server asks about. */
export interface LocalWebhookOptions {
  /** The name of its objects. */
  readonly name: string;
  readonly namespace: string;
  readonly rule: object;
  readonly review: (pending: PendingReview) => void;
}

/** A webhook of somebody else's, on this machine. The answer takes it away again. */
export async function serveLocalWebhook({ name, namespace, rule, review }: LocalWebhookOptions): Promise<() => Promise<void>> {
  const authority = await createAuthority(name, 1);
  const own = await issueServerCertificate(authority, [`${name}.${namespace}.svc`], 1);
  const server = createServer(own, (request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    request.on('end', () => {
      const { uid, dryRun = false } = (JSON.parse(text) as { request: { uid: string; dryRun?: boolean } }).request;
      const answer = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid, allowed: true } };
      review({
        dryRun,
        ended: once(response, 'close'),
        allow: () => void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer)),
        hangUp: () => void request.socket.destroy(),
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, layout.hostAddress, resolve));
  const { port } = server.address() as AddressInfo;
  const configuration = `${name}-${namespace}`;
  // A Service without a selector: its address is this machine, as the cluster sees it.
  const objects = [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace },
      spec: { ports: [{ name: 'https', port: 443, targetPort: port }] },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: `${name}-1`, namespace, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports: [{ name: 'https', port, protocol: 'TCP' }],
      endpoints: [{ addresses: [layout.hostAddress], conditions: { ready: true } }],
    },
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: configuration },
      webhooks: [
        {
          name: `${name}.sentinel.example`,
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
          failurePolicy: 'Fail',
          timeoutSeconds: 30,
          clientConfig: {
            service: { name, namespace },
            caBundle: Buffer.from(authority.cert).toString('base64'),
          },
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
          rules: [rule],
        },
      ],
    },
  ];
  for (const object of objects) await admin.apply(JSON.stringify(object));
  // A configuration is in force a moment after it is stored.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  return async () => {
    await admin.kubectl(['delete', 'validatingwebhookconfiguration', configuration, '--ignore-not-found']);
    server.closeAllConnections();
    server.close();
  };
}
