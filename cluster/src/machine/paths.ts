import { homedir } from 'node:os';
import { join } from 'node:path';

const cache = process.env.SENTINEL_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'sentinel');
/** Everything of a running cluster: `down` removes it whole. One cluster runs per machine, so the place is fixed. */
const state = '/var/lib/sentinel-cluster';

/** Where the cluster keeps its files. The cache outlives the cluster, the state does not. */
export const paths = {
  /** Built programs, images and logs. */
  cache,
  /** Folder holding kubectl, helm, ctr, and every other program by its name. */
  bin: join(cache, 'bin'),
  kubectl: join(cache, 'bin', 'kubectl'),
  helm: join(cache, 'bin', 'helm'),
  ctr: join(cache, 'bin', 'ctr'),
  collector: join(cache, 'bin', 'collector'),
  /** One log per program, and audit.log of the API server. They stay after `down`, until the next `up`. */
  logs: join(cache, 'logs'),
  /** Image archives by the hash of what they are made of. */
  images: join(cache, 'images'),
  programs: join(cache, 'programs'),
  state,
  /** Kubeconfig of the administrator (group system:masters). */
  kubeconfig: join(state, 'admin.kubeconfig'),
  /** The certificate authority of the cluster: tests sign client certificates with it. */
  caCertificate: join(state, 'pki', 'ca.crt'),
  caKey: join(state, 'pki', 'ca.key'),
  pki: join(state, 'pki'),
  /** The AuthenticationConfiguration of the API server: it follows changes of this file. */
  authentication: join(state, 'authentication.json'),
  pids: join(state, 'pids.json'),
  containerdSocket: join(state, 'containerd.sock'),
  /** Where the start of a pod waits for its NetworkPolicies. */
  policySocket: join(state, 'netpol.sock'),
} as const;

/** Addresses and names that the parts of the cluster agree on. */
export const layout = {
  netns: 'sentinel',
  node: 'sentinel',
  hostLink: 'sentinel0',
  hostAddress: '172.31.255.1',
  innerLink: 'sentinel1',
  apiAddress: '172.31.255.2',
  server: 'https://172.31.255.2:6443',
  serviceCidr: '10.96.0.0/16',
  podCidr: '10.244.0.0/16',
} as const;
