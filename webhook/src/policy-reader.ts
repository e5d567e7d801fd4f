import {
  type AgentAction,
  type AgentActionSpec,
  agentActions,
  agentPolicies,
  clusterAgentPolicies,
  namespaces as own,
  type Playbook,
  playbooks,
  SEAL_KEYS,
} from '@sentinel/crds';
import { configmaps, type KubeClient, namespaces } from '@sentinel/kube';
import {
  type AgentRule,
  agentRules,
  type Identity,
  type Parent,
  type PolicySet,
  parentOf,
  policySet,
  readSealKeys,
  type SealKeys,
} from '@sentinel/policy';

/** What admission needs to know about a namespace. */
export interface PolicyFacts {
  readonly policies: PolicySet;
  readonly playbook: Playbook | undefined;
  /** The action that it names as its parent. */
  readonly parent: Parent | undefined;
  /** The action that it undoes. */
  readonly original?: AgentAction | undefined;
  /** Public keys of the seals: another replica may seal with a newer key than this one already. */
  readonly keys: SealKeys;
}

/** Reads policies and Playbook live, because a refusal at admission must not come from something already changed. */
export class PolicyReader {
  readonly #client: KubeClient;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /**
   * Who is an agent by the policies of the cluster and of a namespace. For '', the cluster, those of a namespace make agents of its own
   * ServiceAccounts alone: the admin of a namespace must not be able to take the floor out of somebody's hands.
   */
  async agents(namespace: string): Promise<AgentRule[]> {
    const [cluster, local] = await Promise.all([
      this.#client.list(clusterAgentPolicies),
      this.#client.list(agentPolicies, namespace === '' ? {} : { namespace }),
    ]);
    const rules = agentRules(local.items);
    return [...agentRules(cluster.items), ...(namespace === '' ? rules.filter(isOwnAccount) : rules)];
  }

  /** The policies of a namespace that apply to an identity. */
  async policiesAbout(namespace: string, identity: Identity): Promise<PolicySet> {
    const [{ metadata }, cluster, local] = await Promise.all([
      this.#client.getOrThrow(namespaces, { name: namespace }),
      this.#client.list(clusterAgentPolicies),
      this.#client.list(agentPolicies, { namespace }),
    ]);
    const tenant = { metadata: { ...metadata, name: namespace } };
    return policySet({ namespace: tenant, clusterPolicies: cluster.items, policies: local.items }, identity);
  }

  async read(namespace: string, action: AgentActionSpec, requester: Identity): Promise<PolicyFacts> {
    const playbook = action.playbookRef?.name;
    const parentName = action.intent.parentAction;
    const undone = action.rollbackOf?.name;
    const [policies, book, parent, original, keys] = await Promise.all([
      this.policiesAbout(namespace, requester),
      playbook === undefined ? null : this.#client.get(playbooks, { namespace, name: playbook }),
      parentName === undefined ? null : this.#client.get(agentActions, { namespace, name: parentName }),
      undone === undefined ? null : this.#client.get(agentActions, { namespace, name: undone }),
      this.sealKeys(),
    ]);
    return {
      policies,
      playbook: book ?? undefined,
      parent: parent ? parentOf(parent) : undefined,
      original: original ?? undefined,
      keys,
    };
  }

  /** A Playbook as it is now; undefined if it does not exist. */
  async playbook(namespace: string, name: string): Promise<Playbook | undefined> {
    return (await this.#client.get(playbooks, { namespace, name })) ?? undefined;
  }

  /** The public keys of the seals. */
  async sealKeys(): Promise<SealKeys> {
    const published = await this.#client.get(configmaps, { namespace: own.system, name: SEAL_KEYS });
    return readSealKeys(published?.data as Record<string, string> | undefined);
  }
}

const isOwnAccount = ({ kind, namespace, subjectNamespace }: AgentRule): boolean =>
  kind === 'ServiceAccount' && (subjectNamespace ?? namespace) === namespace;
