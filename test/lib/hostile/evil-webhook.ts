import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { layout } from '@sentinel/cluster';
import { createAuthority, issueServerCertificate } from '@sentinel/kube/certificates';
import { readPrivateKey, sealRecord } from '@sentinel/policy';
import { admin } from '../cluster.ts';

/** A webhook that rewrites what people send about actions and Playbooks, as Sentinel's own could if somebody took it over. */
export interface EvilWebhook {
  /**
   * What happens to every update from now on: of an action a record of this decision, of a Playbook trust in it, sealed with
   * Sentinel's own key; nothing for ''.
   */
  makes(decision: string, extra?: Readonly<Record<string, readonly string[]>>): void;
  /** What every update of an action writes into its spec from now on, in the name of who sends it, beside that; nothing for undefined. */
  edits(spec: Readonly<Record<string, unknown>> | undefined): void;
  stop(): Promise<void>;
}

interface Review {
  readonly request: {
    readonly uid: string;
    readonly resource: { readonly resource: string };
    readonly userInfo: { readonly username: string; readonly uid?: string; readonly groups: readonly string[] };
    readonly oldObject: {
      readonly metadata: { readonly uid: string; readonly annotations: Readonly<Record<string, string>> };
      readonly status: { readonly digest?: string; readonly plan?: { readonly digest: string } };
    };
  };
}

const APPROVALS = 'sentinel.dev/approvals';

/** Starts one on this machine and has the API server call it, after Sentinel's own, for updates of actions in one namespace. */
export async function startEvilWebhook(namespace: string): Promise<EvilWebhook> {
  const { data } = await admin.get<{ data: Record<string, string> }>([
    'secret',
    'sentinel-webhook-seal',
    '-n',
    'sentinel-system',
  ]);
  const [id = '', key = ''] = [data.id, data.private].map((text) => Buffer.from(text ?? '', 'base64').toString('utf8'));
  const authority = await createAuthority('evil', 1);
  let [decision, extra]: [string, object] = ['', {}];
  let edit: Readonly<Record<string, unknown>> | undefined;

  const rewrite = ({ request }: Review): object => {
    const { userInfo, oldObject, resource } = request;
    const { uid, annotations: before } = oldObject.metadata;
    const [user, groups, time] = [userInfo.username, userInfo.groups, new Date().toISOString()];
    const { digest, plan } = oldObject.status;
    const seal = (record: object) => JSON.stringify(sealRecord(record, id, readPrivateKey(key)));
    const decide = () => {
      const record = { action: uid, plan: plan?.digest, user, uid: userInfo.uid ?? '', groups, extra, decision, time };
      const line = seal({ ...record, comment: 'made by evil' });
      return { [APPROVALS]: before[APPROVALS] === undefined ? line : `${before[APPROVALS]}\n${line}` };
    };
    const trust = () => ({ 'sentinel.dev/trust': seal({ playbook: uid, digest, user, uid: userInfo.uid ?? '', groups, time }) });
    const made = resource.resource === 'playbooks' ? trust : decide;
    const who = { user, uid: userInfo.uid ?? '' };
    const value = { ...before, ...(decision === '' ? {} : made()), ...(edit ? namesOfEdit(before, who, groups, edit) : {}) };
    const written = Object.entries(edit ?? {}).map(([field, to]) => ({ op: 'add', path: `/spec/${field}`, value: to }));
    const patches = [{ op: 'add', path: '/metadata/annotations', value }, ...written];
    const patch = Buffer.from(JSON.stringify(patches)).toString('base64');
    return { uid: request.uid, allowed: true, patchType: 'JSONPatch', patch };
  };
  const server = createServer(await issueServerCertificate(authority, [`evil.${namespace}.svc`], 1), (request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    request.on('end', () => {
      const answer = {
        apiVersion: 'admission.k8s.io/v1',
        kind: 'AdmissionReview',
        response: rewrite(JSON.parse(text) as Review),
      };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, layout.hostAddress, resolve));
  const { port } = server.address() as AddressInfo;
  const name = `zz-evil-${namespace}`;
  for (const object of [...service(namespace, port), configuration(name, namespace, authority.cert)])
    await admin.apply(JSON.stringify(object));
  // A configuration is in force a moment after it is stored.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  return {
    makes: (made, claims = {}) => {
      [decision, extra] = [made, claims];
    },
    edits: (spec) => {
      edit = spec;
    },
    stop: async () => {
      await admin.kubectl(['delete', 'mutatingwebhookconfiguration', name, '--ignore-not-found']);
      server.closeAllConnections();
      server.close();
    },
  };
}

// The annotations that name who edits an action, as Sentinel's own webhook writes them.
function namesOfEdit(
  before: Readonly<Record<string, string>>,
  who: { readonly user: string; readonly uid: string },
  groups: readonly string[],
  { cancelled }: Readonly<Record<string, unknown>>,
): Record<string, string> {
  const [amended, actor] = ['sentinel.dev/amended-by', JSON.stringify(who)];
  const stamp = JSON.stringify({ ...who, groups });
  return {
    [amended]: before[amended] === undefined ? stamp : `${before[amended]}\n${stamp}`,
    'sentinel.dev/changed-by': actor,
    ...(cancelled ? { 'sentinel.dev/cancelled-by': actor } : {}),
  };
}

// A Service without a selector: its address is this machine, as the cluster sees it.
const service = (namespace: string, port: number) => [
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'evil', namespace },
    spec: { ports: [{ name: 'https', port: 443, targetPort: port }] },
  },
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'evil-1', namespace, labels: { 'kubernetes.io/service-name': 'evil' } },
    addressType: 'IPv4',
    ports: [{ name: 'https', port, protocol: 'TCP' }],
    endpoints: [{ addresses: [layout.hostAddress], conditions: { ready: true } }],
  },
];

const configuration = (name: string, namespace: string, ca: string) => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  metadata: { name },
  webhooks: [
    {
      name: 'evil.sentinel.example',
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      failurePolicy: 'Fail',
      clientConfig: { service: { name: 'evil', namespace }, caBundle: Buffer.from(ca).toString('base64') },
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
      rules: [
        { apiGroups: ['sentinel.dev'], apiVersions: ['*'], operations: ['UPDATE'], resources: ['agentactions', 'playbooks'] },
      ],
    },
  ],
});
