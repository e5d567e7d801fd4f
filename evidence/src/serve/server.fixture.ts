import { mkdtempSync, rmSync } from 'node:fs';
import { type Agent, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EVIDENCE_AUDIENCE, type Evidence, OPERATOR_USER } from '@sentinel/crds';
import { type KubeClient, silentLogger } from '@sentinel/kube';
import { createAuthority, issueServerCertificate, type KeyPair } from '@sentinel/kube/certificates';
import { DirectoryStore } from '../store/directory-store.ts';
import { WriterAuthenticator } from './authenticate-writer.ts';
import { issueClientCertificate } from './client-certificate.fixture.ts';
import type { FrontProxy } from './front-proxy.ts';
import { createEvidenceServer } from './server.ts';

/** Evidence as the operator sends it. */
export const evidence: Evidence = {
  action: { namespace: 'shop', namespaceUid: 'n1', name: 'repair', uid: 'u1' },
  stage: 'run',
  attempt: 1,
  job: 'j1',
  outcome: 'Succeeded',
  handling: 'Redacted',
  steps: [{ name: 'restart', exitCode: 0, log: 'deployment.apps/web restarted\n' }],
  results: [],
};

export interface Answer {
  readonly status: number | undefined;
  readonly type: string | undefined;
  readonly body: { readonly [field: string]: unknown };
  readonly code: string | undefined;
  /** Whether the server ends the connection after its answer. */
  readonly isLast: boolean;
  /** Whether it came on a connection of an earlier request. */
  readonly isReused: boolean;
}

export interface Asked {
  readonly method?: string;
  readonly certificate?: KeyPair;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string;
  /** Keeps connections for later requests. */
  readonly agent?: Agent;
}

/** What the API server says about rights and tokens. */
export interface Said {
  readonly allowed?: (spec: Parameters<KubeClient['subjectAccessReview']>[0]) => boolean;
  readonly token?: Awaited<ReturnType<KubeClient['tokenReview']>>;
  /** The uid of the namespace with the name that is asked for; null: it does not exist. */
  readonly namespaceUid?: (() => string | null) | undefined;
  readonly limit?: number;
  readonly names?: readonly string[];
  readonly withoutProxy?: boolean;
  readonly stopping?: AbortSignal;
}

const POD_NAME = 'authentication.kubernetes.io/pod-name';
/** The review of a good token of the operator. */
export const goodToken = {
  authenticated: true,
  audiences: [EVIDENCE_AUDIENCE],
  user: { username: OPERATOR_USER, extra: { [POD_NAME]: ['sentinel-operator-1'] } },
};

/** A running evidence store with certificates of its own, and what its clients need. */
export class Scene {
  readonly folder = mkdtempSync(join(tmpdir(), 'evidence-'));
  readonly reviews: Parameters<KubeClient['subjectAccessReview']>[0][] = [];
  readonly #closes: (() => void)[] = [];
  proxyAuthority!: KeyPair;
  proxy!: KeyPair;
  authority!: KeyPair;
  said: Said = {};
  /** What the API server publishes about its front proxy. */
  frontProxy: FrontProxy | undefined;
  /** The time of the server. */
  now = Date.now;

  async prepare(): Promise<this> {
    [this.authority, this.proxyAuthority] = await Promise.all([
      createAuthority('evidence', 1),
      createAuthority('front-proxy', 1),
    ]);
    this.proxy = await issueClientCertificate(this.proxyAuthority, 'front-proxy-client');
    return this;
  }

  /** Starts a server on the folder; answers with the function that asks it. */
  async start(said: Said = {}): Promise<(path: string, asked?: Asked) => Promise<Answer>> {
    this.said = said;
    const store = await DirectoryStore.open({ folder: this.folder, limit: said.limit ?? 1_000_000 });
    const frontProxy = {
      authority: this.proxyAuthority.cert,
      names: said.names ?? ['front-proxy-client'],
      userHeaders: ['x-remote-user'],
      uidHeaders: ['x-remote-uid'],
      groupHeaders: ['x-remote-group'],
      extraPrefixes: ['x-remote-extra-'],
    };
    this.frontProxy = said.withoutProxy ? undefined : frontProxy;
    const get = async () => {
      const uid = this.said.namespaceUid === undefined ? 'n1' : this.said.namespaceUid();
      return uid === null ? null : { metadata: { name: 'shop', uid } };
    };
    const client = {
      get: get as unknown as KubeClient['get'],
      subjectAccessReview: async (spec: Parameters<KubeClient['subjectAccessReview']>[0]) => {
        this.reviews.push(spec);
        return { allowed: this.said.allowed?.(spec) ?? false };
      },
      tokenReview: async () => this.said.token ?? { authenticated: false },
    };
    const app = createEvidenceServer(await issueServerCertificate(this.authority, ['evidence.test'], 1), {
      store,
      client,
      writers: new WriterAuthenticator(client),
      frontProxy: () => this.frontProxy,
      logger: silentLogger,
      now: () => this.now(),
      stopping: said.stopping,
    });
    await app.listen({ host: '127.0.0.1', port: 0 });
    this.#closes.push(() => {
      void app.close();
      app.server.closeAllConnections();
    });
    const { port } = app.server.address() as AddressInfo;
    return (path, asked) => this.#ask(port, path, asked);
  }

  close(): void {
    for (const close of this.#closes.splice(0)) close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #ask(port: number, path: string, { method = 'GET', certificate, headers = {}, body, agent }: Asked = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port, path, method, headers, ca: this.authority.cert, servername: 'evidence.test' };
      const client = certificate === undefined ? {} : { key: certificate.key, cert: certificate.cert };
      const sent = request({ ...options, ...client, agent: agent ?? false }, (got) => {
        let text = '';
        got.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        got.on('end', () => {
          const parsed = JSON.parse(text) as { details?: { causes?: { reason: string }[] } };
          resolve({
            status: got.statusCode,
            type: got.headers['content-type'],
            body: parsed as Answer['body'],
            code: parsed.details?.causes?.[0]?.reason,
            isLast: got.headers.connection === 'close',
            isReused: sent.reusedSocket,
          });
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }
}
