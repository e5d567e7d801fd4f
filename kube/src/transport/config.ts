import { readFileSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { bufferFromFileOrString, type KubeConfig } from '@kubernetes/client-node/dist/config.js';
import type { Cluster, User } from '@kubernetes/client-node/dist/config_types.js';
import type { Headers } from './headers.ts';
import { chooseEntries, type Overrides } from './kubeconfig.ts';

/** Where the API server is and how to prove who we are. */
export interface ClusterConfig {
  readonly server: string;
  readonly ca?: string | Buffer | undefined;
  readonly clientCert?: string | Buffer | undefined;
  readonly clientKey?: string | Buffer | undefined;
  readonly insecureSkipTlsVerify?: boolean | undefined;
  readonly tlsServerName?: string | undefined;
  readonly proxyUrl?: string | undefined;
  /** The namespace of the context, or `default`. */
  readonly namespace: string;
  readonly currentContext: string;
  /** Headers that authenticate a request. With `fresh`, credentials are read again (used once after a 401). */
  readonly auth: (fresh?: boolean) => Promise<Headers>;
}

/** Options of `loadConfig`. */
export interface LoadConfigOptions extends Overrides {
  /** Path of a kubeconfig; `KUBECONFIG`, `~/.kube/config`, then the pod's ServiceAccount by default. */
  kubeconfig?: string | undefined;
  /** Impersonation, as `kubectl --as`, `--as-group` and `--as-uid`. */
  as?: string | undefined;
  asGroups?: readonly string[] | undefined;
  asUid?: string | undefined;
}

const REREAD_MS = 60_000;

/**
 * Finds the cluster the way kubectl does. Reads files, never the network.
 * Throws if a file cannot be read, or if the context, cluster or user does not exist.
 * Client certificates handed out by exec plugins are not supported; their tokens are.
 */
export function loadConfig(options: LoadConfigOptions = {}): ClusterConfig {
  const { config, cluster, user, context, namespace } = chooseEntries(options.kubeconfig, options);
  return {
    ...endpointOf(cluster),
    clientCert: bufferFromFileOrString(user?.certFile, user?.certData) ?? undefined,
    clientKey: bufferFromFileOrString(user?.keyFile, user?.keyData) ?? undefined,
    namespace: namespace?.trim() || 'default',
    currentContext: context,
    auth: withImpersonation(authenticator(config, user), options, user),
  };
}

function endpointOf(cluster: Cluster) {
  return {
    server: cluster.server.replace(/\/+$/, ''),
    ca: bufferFromFileOrString(cluster.caFile, cluster.caData) ?? undefined,
    insecureSkipTlsVerify: cluster.skipTLSVerify,
    tlsServerName: cluster.tlsServerName,
    proxyUrl: cluster.proxyUrl,
  };
}

function authenticator(config: KubeConfig, user: User | null): ClusterConfig['auth'] {
  const tokenFile: unknown = user?.authProvider?.config?.tokenFile;
  if (typeof tokenFile === 'string') return tokenFileAuth(tokenFile);
  if (user?.token) return staticAuth(`Bearer ${user.token}`);
  if (user?.username) return staticAuth(`Basic ${Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64')}`);
  if (user?.exec || user?.authProvider) return pluginAuth(config);
  return async () => ({});
}

function staticAuth(authorization: string): ClusterConfig['auth'] {
  return async () => ({ authorization });
}

/** Headers from a token file that others rotate: read at most once a minute, or at once when `fresh` is asked for. */
export function tokenFileAuth(path: string, now: () => number = () => performance.now()): ClusterConfig['auth'] {
  let token: string | undefined;
  let readAt = 0;
  return async (fresh = false) => {
    if (token === undefined || fresh || now() - readAt > REREAD_MS) {
      token = readFileSync(path, 'utf8').trim();
      readAt = now();
    }
    return { authorization: `Bearer ${token}` };
  };
}

// The plugins keep a token until it expires; the minute here only spares the reading of certificate files on each request.
function pluginAuth(config: KubeConfig): ClusterConfig['auth'] {
  let headers: Headers | undefined;
  let readAt = 0;
  return async (fresh = false) => {
    if (headers === undefined || fresh || performance.now() - readAt > REREAD_MS) {
      const options: RequestOptions = {};
      await config.applyToHTTPSOptions(options);
      const given = options.headers;
      const authorization = given && 'Authorization' in given ? given.Authorization : undefined;
      headers = typeof authorization === 'string' ? { authorization } : {};
      readAt = performance.now();
    }
    return headers;
  };
}

function withImpersonation(auth: ClusterConfig['auth'], options: LoadConfigOptions, user: User | null): ClusterConfig['auth'] {
  const as = options.as ?? user?.impersonateUser;
  if (!as) {
    if (options.asGroups?.length || options.asUid) throw new Error('Impersonating groups or a uid needs a user to impersonate');
    return auth;
  }
  const extra: Headers = { 'impersonate-user': as };
  if (options.asGroups?.length) extra['impersonate-group'] = [...options.asGroups];
  if (options.asUid) extra['impersonate-uid'] = options.asUid;
  return async (fresh) => ({ ...(await auth(fresh)), ...extra });
}
