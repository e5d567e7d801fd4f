import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layout, paths } from '@sentinel/cluster';
import { Person } from '../cluster.ts';

// A real OpenID provider beside the cluster, and people who sign in to it by the authorization code flow, as kubelogin does.

const AUDIENCE = 'kubernetes';
const REDIRECT = 'https://kubectl.example.com/callback';

/** What the provider knows about a person, as it goes into their ID token. */
export type TokenClaims = Readonly<Record<string, unknown>>;

export interface OidcProvider {
  readonly issuer: string;
  /** The authority of its certificate, PEM. */
  readonly authority: string;
  /** Signs somebody in; from then on the token says these claims. `subject` is who they are, whatever else changes. */
  signIn(subject: string, claims: TokenClaims): Promise<Person>;
  stop(): Promise<void>;
}

/** The package has no types of its own; this is what is used of it. */
interface Provider {
  callback(): (request: unknown, response: unknown) => void;
}
type ProviderClass = new (issuer: string, configuration: object) => Provider;

/** Starts a provider where the API server can reach it. */
export async function startOidcProvider(): Promise<OidcProvider> {
  const name: string = 'oidc-provider';
  const { default: Provider } = (await import(name)) as { default: ProviderClass };
  const people = new Map<string, TokenClaims>();
  const { key, cert } = certificate(layout.hostAddress);
  let answer: ReturnType<Provider['callback']> | undefined;
  const server = createServer({ key, cert }, (incoming, outgoing) => answer?.(incoming, outgoing));
  await new Promise<void>((resolve) => server.listen(0, layout.hostAddress, resolve));
  const issuer = `https://${layout.hostAddress}:${(server.address() as AddressInfo).port}`;
  const signingKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: AUDIENCE,
        redirect_uris: [REDIRECT],
        response_types: ['code'],
        grant_types: ['authorization_code'],
        token_endpoint_auth_method: 'none',
      },
    ],
    jwks: { keys: [{ ...signingKey, use: 'sig', alg: 'RS256', kid: 'test' }] },
    pkce: { required: () => false },
    // Claims go into the ID token itself: the API server asks nobody else.
    conformIdTokenClaims: false,
    claims: { openid: ['sub'], kubernetes: ['preferred_username', 'groups', 'mfa'] },
    scopes: ['openid', 'kubernetes'],
    findAccount: (_: unknown, accountId: string) => ({
      accountId,
      claims: () => ({ ...people.get(accountId), sub: accountId }),
    }),
    cookies: { keys: ['test'] },
    features: { devInteractions: { enabled: true } },
  });
  answer = provider.callback();
  return {
    issuer,
    authority: cert,
    async signIn(subject, claims) {
      people.set(subject, claims);
      return withToken(await idToken(issuer, cert, subject));
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A certificate for an address, which is its own authority. */
function certificate(address: string): { key: string; cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'sentinel-'));
  const file = (name: string) => join(folder, name);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', file('key')];
  const names = ['-subj', '/CN=oidc', '-addext', `subjectAltName=IP:${address}`];
  execFileSync('openssl', ['req', '-x509', '-days', '1', ...key, ...names, '-out', file('crt')], { stdio: 'pipe' });
  return { key: readFileSync(file('key'), 'utf8'), cert: readFileSync(file('crt'), 'utf8') };
}

interface Answer {
  readonly status: number;
  readonly location: string | undefined;
  readonly body: string;
}

/** A browser as far as the flow needs one: it keeps cookies, and follows redirects when told to. */
class Browser {
  readonly #ca: string;
  readonly #cookies = new Map<string, string>();

  constructor(ca: string) {
    this.#ca = ca;
  }

  send(url: URL, form?: Readonly<Record<string, string>>): Promise<Answer> {
    const body = form && new URLSearchParams(form).toString();
    const headers = {
      cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; '),
      ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
    };
    return new Promise((resolve, reject) => {
      const outgoing = request(url, { ca: this.#ca, method: body === undefined ? 'GET' : 'POST', headers }, (incoming) => {
        for (const cookie of incoming.headers['set-cookie'] ?? []) {
          const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
          if (value === '') this.#cookies.delete(name);
          else this.#cookies.set(name, value);
        }
        let text = '';
        incoming.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, location: incoming.headers.location, body: text }));
      });
      outgoing.once('error', reject);
      outgoing.end(body);
    });
  }
}

/** Signs in: the page of the provider asks for a login, then for consent, and sends the code to the client. */
async function idToken(issuer: string, ca: string, subject: string): Promise<string> {
  const browser = new Browser(ca);
  const query = { client_id: AUDIENCE, response_type: 'code', scope: 'openid kubernetes', redirect_uri: REDIRECT };
  let url = new URL(`/auth?${new URLSearchParams(query)}`, issuer);
  for (let step = 0; step < 12; step++) {
    const asks = url.pathname.startsWith('/interaction/');
    const page = await browser.send(url);
    const prompt = /name="prompt" value="(login|consent)"/.exec(page.body)?.[1];
    const next =
      asks && prompt !== undefined
        ? await browser.send(url, prompt === 'login' ? { prompt, login: subject, password: 'any' } : { prompt })
        : page;
    if (next.location === undefined) throw new Error(`${url.pathname}: ${next.status} ${next.body.slice(0, 400)}`);
    url = new URL(next.location, issuer);
    if (url.href.startsWith(REDIRECT)) break;
  }
  const code = url.searchParams.get('code');
  if (code === null) throw new Error(`no code: ${url.href}`);
  const grant = { grant_type: 'authorization_code', code, redirect_uri: REDIRECT, client_id: AUDIENCE };
  const { body } = await browser.send(new URL('/token', issuer), grant);
  const { id_token: token } = JSON.parse(body) as { id_token?: string };
  if (token === undefined) throw new Error(`no ID token: ${body.slice(0, 400)}`);
  return token;
}

/** kubectl with a token of its own. */
function withToken(token: string): Person {
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: layout.server, 'certificate-authority': paths.caCertificate } }],
    users: [{ name: 'u', user: { token } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'c',
  };
  const file = join(mkdtempSync(join(tmpdir(), 'sentinel-')), 'kubeconfig');
  writeFileSync(file, JSON.stringify(kubeconfig), { mode: 0o600 });
  return new Person(file);
}
