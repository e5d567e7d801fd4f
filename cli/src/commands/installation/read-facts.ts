import { agentPolicies, clusterAgentPolicies, GROUP, namespaces as rooms, VERSION } from '@sentinel/crds';
import {
  type AnyObject,
  ApiError,
  configmaps,
  defineResource,
  deployments,
  isForbidden,
  leases,
  mutatingwebhookconfigurations,
  namespaces,
  networkpolicies,
  validatingadmissionpolicies,
  validatingadmissionpolicybindings,
  validatingwebhookconfigurations,
} from '@sentinel/kube';
import type { Session } from '../../session.ts';

/** What was read: the value, null if it does not exist, or why it could not be read. */
export type Read<T> = { readonly value: T | null } | { readonly unread: string };

/** A right that was asked for: whether the caller has it. */
export interface Right {
  readonly name: string;
  readonly held: boolean;
}

/** Everything that `doctor` judges. */
export interface Facts {
  readonly namespace: string;
  readonly now: number;
  readonly server: Read<{ readonly gitVersion: string; readonly date: number | undefined; readonly tookMs: number }>;
  readonly kinds: Read<readonly string[]>;
  readonly deployments: Read<readonly AnyObject[]>;
  readonly lease: Read<AnyObject>;
  readonly webhooks: Read<readonly AnyObject[]>;
  readonly guards: Read<readonly AnyObject[]>;
  readonly bindings: Read<readonly AnyObject[]>;
  readonly networkPolicies: Read<readonly AnyObject[]>;
  readonly gatewayCa: Read<AnyObject>;
  readonly evidence: Read<AnyObject>;
  readonly place: Read<AnyObject>;
  readonly floors: Read<readonly AnyObject[]>;
  readonly policies: Read<readonly AnyObject[]>;
  readonly rights: readonly Right[];
}

const apiservices = defineResource({
  group: 'apiregistration.k8s.io',
  version: 'v1',
  plural: 'apiservices',
  kind: 'APIService',
  namespaced: false,
});

/** The deployments of Sentinel. Rejects only if the read does; used by `version` as well. */
export const readDeployments = ({ client }: Session): Promise<Read<readonly AnyObject[]>> =>
  attempt(
    async () =>
      (await client.list(deployments, { namespace: rooms.system, labelSelector: 'app.kubernetes.io/part-of=sentinel' })).items,
  );

/** The version of the API server, its clock, and how long it took to answer. */
export const readServer = ({ client }: Session): Promise<Facts['server']> =>
  attempt(async () => {
    const begun = performance.now();
    const answer = await client.raw({ method: 'GET', path: '/version' });
    const { gitVersion } = JSON.parse(answer.body.toString('utf8')) as { gitVersion: string };
    const date = Date.parse(String(answer.headers.date ?? ''));
    return { gitVersion, date: Number.isNaN(date) ? undefined : date, tookMs: performance.now() - begun };
  });

/** Reads what `doctor` judges, each thing by itself: what may not be read is said, and the rest is judged. */
export async function readFacts(session: Session): Promise<Facts> {
  const { client, namespace, io } = session;
  const server = await readServer(session);
  // A server that gives no answer is asked nothing else.
  if ('unread' in server && !/^HTTP /.test(server.unread)) return nothing(session, server);
  const all = await Promise.all([
    attempt(async () => {
      const answer = await client.raw({ method: 'GET', path: `/apis/${GROUP}/${VERSION}` });
      return (JSON.parse(answer.body.toString('utf8')) as { resources: { name: string }[] }).resources.map(({ name }) => name);
    }),
    readDeployments(session),
    attempt(() => client.get<AnyObject>(leases as never, { name: 'sentinel-operator', namespace: rooms.system })),
    attempt(async () => {
      const key = { name: 'sentinel' };
      const found = [
        await client.get(mutatingwebhookconfigurations, key),
        await client.get(validatingwebhookconfigurations, key),
      ];
      return found.filter((one) => one !== null);
    }),
    attempt(async () => (await client.list(validatingadmissionpolicies)).items),
    attempt(async () => (await client.list(validatingadmissionpolicybindings)).items),
    attempt(async () => (await client.list(networkpolicies, { namespace: rooms.sandboxes })).items),
    attempt(() => client.get(configmaps, { name: 'sentinel-gateway-ca', namespace: rooms.system })),
    attempt(() => client.get(apiservices, { name: 'v1alpha1.evidence.sentinel.dev' })),
    attempt(() => client.get(namespaces, { name: namespace })),
    attempt(async () => (await client.list(clusterAgentPolicies)).items as unknown as AnyObject[]),
    attempt(async () => (await client.list(agentPolicies, { namespace })).items as unknown as AnyObject[]),
  ]);
  const [kinds, programs, lease, webhooks, guards, bindings, networkPolicies, gatewayCa, evidence, place, floors, policies] = all;
  return {
    ...{ namespace, now: io.now(), server, kinds, deployments: programs, lease, webhooks, guards, bindings, networkPolicies },
    ...{ gatewayCa, evidence, place, floors, policies, rights: await readRights(session) },
  };
}

function nothing({ namespace, io }: Session, server: Facts['server']): Facts {
  const unread = { unread: 'the API server gives no answer' };
  const all = { kinds: unread, deployments: unread, lease: unread, webhooks: unread, guards: unread, bindings: unread };
  const more = { networkPolicies: unread, gatewayCa: unread, evidence: unread, place: unread, floors: unread, policies: unread };
  return { namespace, now: io.now(), server, ...all, ...more, rights: [] };
}

const asked: readonly (readonly [name: string, verb: string, resource: string])[] = [
  ['create actions', 'create', 'agentactions'],
  ['read actions', 'get', 'agentactions'],
  ['read plans', 'get', 'actionplans'],
  ['approve', 'approve', 'agentactions'],
  ['annotate actions', 'patch', 'agentactions'],
  ['trust Playbooks', 'trust', 'playbooks'],
  ['write policies', 'create', 'agentpolicies'],
];

async function readRights({ client, namespace }: Session): Promise<Right[]> {
  const ask = async (verb: string, resource: string) => {
    const resourceAttributes = { group: GROUP, resource, verb, namespace };
    return await client.selfSubjectAccessReview({ resourceAttributes }).then(
      ({ allowed }) => allowed,
      () => undefined,
    );
  };
  const answers = await Promise.all(asked.map(async ([name, verb, resource]) => ({ name, held: await ask(verb, resource) })));
  return answers.flatMap(({ name, held }) => (held === undefined ? [] : [{ name, held }]));
}

async function attempt<T>(read: () => Promise<T | null>): Promise<Read<T>> {
  try {
    return { value: await read() };
  } catch (error) {
    if (isForbidden(error)) return { unread: 'you may not read it' };
    if (error instanceof ApiError && error.status === 404) return { value: null };
    if (error instanceof ApiError) return { unread: `HTTP ${error.status}: ${error.message}` };
    return { unread: error instanceof Error ? error.message : String(error) };
  }
}
