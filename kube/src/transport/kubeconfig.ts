import { existsSync } from 'node:fs';
import { delimiter } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import type { Cluster, User } from '@kubernetes/client-node/dist/config_types.js';

/** What a caller may choose of a kubeconfig, or say instead of it; the names are those of kubectl's flags. */
export interface Overrides {
  /** Context of the kubeconfig; the current one by default. */
  context?: string | undefined;
  /** Cluster of the kubeconfig; that of the context by default. */
  cluster?: string | undefined;
  /** User of the kubeconfig; that of the context by default. */
  user?: string | undefined;
  server?: string | undefined;
  token?: string | undefined;
  certificateAuthority?: string | undefined;
  clientCertificate?: string | undefined;
  clientKey?: string | undefined;
  insecureSkipTlsVerify?: boolean | undefined;
  tlsServerName?: string | undefined;
}

/** The entries of a kubeconfig that are used. */
export interface ChosenEntries {
  readonly config: KubeConfig;
  readonly cluster: Cluster;
  readonly user: User | null;
  readonly context: string;
  readonly namespace: string | undefined;
}

/**
 * Reads a kubeconfig: the file that is named, else the files of `KUBECONFIG`, `~/.kube/config`, then the pod's ServiceAccount. Throws if a
 * named file cannot be read, or if no file has the context, the cluster or the user that is asked for.
 */
export function chooseEntries(file: string | undefined, overrides: Overrides): ChosenEntries {
  const config = readFiles(file);
  if (overrides.context) config.setCurrentContext(overrides.context);
  const name = config.getCurrentContext();
  const context = config.getContextObject(name);
  const cluster = overrides.cluster ? config.getCluster(overrides.cluster) : config.getCurrentCluster();
  if (overrides.cluster && !cluster) throw new Error(`No such cluster in the kubeconfig: ${overrides.cluster}`);
  // As for kubectl, somebody who names a server or a cluster needs no context.
  if ((overrides.context && !context) || (!cluster && !overrides.server))
    throw new Error(`No such context in the kubeconfig: ${name || '(none is set)'}`);
  const user = overrides.user ? config.getUser(overrides.user) : config.getCurrentUser();
  if (overrides.user && !user) throw new Error(`No such user in the kubeconfig: ${overrides.user}`);
  return only(withCluster(cluster, overrides), withUser(user, overrides), { name: name ?? '', namespace: context?.namespace });
}

// A config that has nothing else, so that credential plugins work for the user and the cluster that were chosen.
function only(
  cluster: Cluster,
  user: User | null,
  { name, namespace }: { name: string; namespace: string | undefined },
): ChosenEntries {
  const config = new KubeConfig();
  const context = { name: name || 'chosen', cluster: cluster.name, user: user?.name ?? '', ...(namespace ? { namespace } : {}) };
  config.loadFromOptions({ clusters: [cluster], users: user ? [user] : [], contexts: [context], currentContext: context.name });
  return { config, cluster, user, context: name, namespace };
}

function withCluster(found: Cluster | null, overrides: Overrides): Cluster {
  const cluster = found ?? { name: '', server: '', skipTLSVerify: false };
  const { server, certificateAuthority, insecureSkipTlsVerify, tlsServerName } = overrides;
  const { caData, caFile, ...rest } = cluster;
  // What is said of the authority takes the place of both of its fields; as in kubectl, who skips the check of certificates has none.
  const isSaid = certificateAuthority !== undefined || insecureSkipTlsVerify === true;
  return {
    ...rest,
    ...(isSaid || caData === undefined ? {} : { caData }),
    ...(isSaid || caFile === undefined ? {} : { caFile }),
    ...(certificateAuthority === undefined || insecureSkipTlsVerify ? {} : { caFile: certificateAuthority }),
    ...(server === undefined ? {} : { server }),
    ...(tlsServerName === undefined ? {} : { tlsServerName }),
    ...(insecureSkipTlsVerify === undefined ? {} : { skipTLSVerify: insecureSkipTlsVerify }),
  };
}

function withUser(found: User | null, { token, clientCertificate, clientKey }: Overrides): User | null {
  if (token === undefined && clientCertificate === undefined && clientKey === undefined) return found;
  const user: Record<string, unknown> = { ...(found ?? { name: '' }) };
  const replace = (dropped: readonly string[], field: string, value: string | undefined) => {
    if (value === undefined) return;
    for (const one of dropped) delete user[one];
    user[field] = value;
  };
  // A token takes the place of everything else that the user has to prove who they are, except for a certificate.
  replace(['exec', 'authProvider', 'username', 'password'], 'token', token);
  replace(['certData'], 'certFile', clientCertificate);
  replace(['keyData'], 'keyFile', clientKey);
  return user as unknown as User;
}

// Files of KUBECONFIG that do not exist are left out, and of two entries with the same name the first one counts: kubectl's rules.
// https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/#merging-kubeconfig-files
function readFiles(file: string | undefined): KubeConfig {
  const merged = new KubeConfig();
  if (file) {
    merged.loadFromFile(file);
    return merged;
  }
  const listed = (process.env.KUBECONFIG ?? '').split(delimiter).filter((path) => path !== '');
  if (listed.length === 0) {
    merged.loadFromDefault();
    return merged;
  }
  const present = listed.filter((path) => existsSync(path));
  if (present.length === 0) throw new Error(`No file of $KUBECONFIG exists: ${listed.join(', ')}`);
  const all = present.map((path) => {
    const one = new KubeConfig();
    one.loadFromFile(path);
    return one;
  });
  merged.loadFromOptions({
    clusters: firstOfEach(all.flatMap((one) => one.getClusters())),
    users: firstOfEach(all.flatMap((one) => one.getUsers())),
    contexts: firstOfEach(all.flatMap((one) => one.getContexts())),
    currentContext: all.map((one) => one.getCurrentContext()).find((name) => name) ?? '',
  });
  return merged;
}

const firstOfEach = <T extends { readonly name: string }>(entries: readonly T[]): T[] => [
  ...new Map([...entries].reverse().map((entry) => [entry.name, entry])).values(),
];
