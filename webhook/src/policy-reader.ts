import {
  type AgentActionSpec,
  agentActions,
  agentPolicies,
  clusterAgentPolicies,
  namespaces as own,
  type Playbook,
  playbooks,
} from '@sentinel/crds';
import { configmaps, type KubeClient, namespaces } from '@sentinel/kube';
import {
  type Identity,
  isSubject,
  type Parent,
  type PolicySet,
  parentOf,
  policySet,
  readSealKeys,
  type SealKeys,
} from '@sentinel/policy';

/** What admission needs to know of a namespace. */
export interface PolicyFacts {
  readonly policies: PolicySet;
  readonly playbook: Playbook | undefined;
  /** The action that it names as its parent. */
  readonly parent: Parent | undefined;
  /** Public keys of the seals: another replica may seal with a newer key than this one already. */
  readonly keys: SealKeys;
}

/** Reads policies and Playbook live, because a refusal at admission must not come from something already changed. */
export class PolicyReader {
  readonly #client: KubeClient;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /** The policy that names a user as an agent, in a namespace or, for '', anywhere; undefined when none does. Groups do not count. */
  async policyAbout(user: string, namespace: string): Promise<string | undefined> {
    const [cluster, local] = await Promise.all([
      this.#client.list(clusterAgentPolicies),
      this.#client.list(agentPolicies, namespace === '' ? {} : { namespace }),
    ]);
    const found = [...cluster.items, ...local.items].find((policy) =>
      isSubject(
        (policy.spec?.subjects ?? []).filter(({ kind }) => kind !== 'Group'),
        { user, groups: [] },
        policy.metadata.namespace,
      ),
    );
    return found && `${found.kind}/${found.metadata.name}`;
  }

  async read(namespace: string, action: AgentActionSpec, requester: Identity): Promise<PolicyFacts> {
    const playbook = action.playbookRef?.name;
    const parentName = action.intent.parentAction;
    const [object, cluster, local, book, parent, published] = await Promise.all([
      this.#client.getOrThrow(namespaces, { name: namespace }),
      this.#client.list(clusterAgentPolicies),
      this.#client.list(agentPolicies, { namespace }),
      playbook === undefined ? null : this.#client.get(playbooks, { namespace, name: playbook }),
      parentName === undefined ? null : this.#client.get(agentActions, { namespace, name: parentName }),
      this.#client.get(configmaps, { namespace: own.system, name: 'sentinel-seal-keys' }),
    ]);
    const metadata = { ...object.metadata, name: namespace };
    return {
      policies: policySet({ namespace: { metadata }, clusterPolicies: cluster.items, policies: local.items }, requester),
      playbook: book ?? undefined,
      parent: parent ? parentOf(parent) : undefined,
      keys: readSealKeys(published?.data as Record<string, string> | undefined),
    };
  }
}
