import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { layout, paths } from './machine/paths.ts';
import { run } from './machine/run.ts';

const CA_USAGE = 'keyUsage=critical,keyCertSign,cRLSign,digitalSignature';
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** A person or program, as its client certificate names it. */
export interface Identity {
  readonly user: string;
  readonly groups?: readonly string[];
}

/** Makes the cluster's certificate authority, the key for ServiceAccount tokens and all certificates of its programs. */
export async function createPki(): Promise<void> {
  await mkdir(paths.pki, { recursive: true, mode: 0o700 });
  const days = ['-days', '3650', '-subj', '/CN=sentinel-cluster-ca', '-addext', CA_USAGE];
  await run('openssl', ['req', '-x509', ...newKey, ...days, '-keyout', paths.caKey, '-out', paths.caCertificate]);
  const names = `IP:${layout.apiAddress},IP:10.96.0.1,IP:127.0.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc`;
  await Promise.all([
    run('openssl', ['genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048', '-out', join(paths.pki, 'sa.key')]),
    sign(join(paths.pki, 'apiserver'), '/CN=kube-apiserver', ['-addext', `subjectAltName=${names}`]),
    sign(join(paths.pki, 'kubelet-server'), `/CN=${layout.node}`, [
      '-addext',
      `subjectAltName=IP:${layout.apiAddress},DNS:${layout.node}`,
    ]),
    createFrontProxy(),
    signClient(join(paths.pki, 'apiserver-kubelet'), { user: 'kube-apiserver', groups: ['system:masters'] }),
    writeKubeconfig(paths.kubeconfig, { user: 'admin', groups: ['system:masters'] }),
    writeKubeconfig(programKubeconfig('kubelet'), { user: `system:node:${layout.node}`, groups: ['system:nodes'] }),
    writeKubeconfig(programKubeconfig('kube-controller-manager'), { user: 'system:kube-controller-manager' }),
    writeKubeconfig(programKubeconfig('kube-scheduler'), { user: 'system:kube-scheduler' }),
    writeKubeconfig(programKubeconfig('kube-proxy'), { user: 'system:kube-proxy' }),
  ]);
}

/** The name in the certificate with which the API server calls servers behind it. */
export const FRONT_PROXY = 'front-proxy-client';

// An authority of its own, as Kubernetes advises: no certificate of a person or program may pass for that of the aggregation layer.
async function createFrontProxy(): Promise<void> {
  const authority = join(paths.pki, 'front-proxy-ca');
  const subject = ['-days', '3650', '-subj', '/CN=sentinel-cluster-front-proxy-ca', '-addext', CA_USAGE];
  await run('openssl', ['req', '-x509', ...newKey, ...subject, '-keyout', `${authority}.key`, '-out', `${authority}.crt`]);
  const signedBy = { certificate: `${authority}.crt`, key: `${authority}.key` };
  await sign(join(paths.pki, FRONT_PROXY), `/CN=${FRONT_PROXY}`, ['-addext', 'extendedKeyUsage=clientAuth'], signedBy);
}

/** Where the kubeconfig of one of the cluster's programs is. */
export function programKubeconfig(program: string): string {
  return join(paths.pki, `${program}.kubeconfig`);
}

/** Writes a kubeconfig with a fresh client certificate for a person, named `name`, and gives its path. */
export async function clientKubeconfig(person: Identity & { readonly name: string }): Promise<string> {
  if (!/^[a-z0-9][a-z0-9.-]*$/i.test(person.name)) throw new Error(`not a name for a file: ${person.name}`);
  if (!existsSync(paths.caKey)) throw new Error('the cluster is not up: run `up` first');
  const file = join(paths.state, 'people', `${person.name}.kubeconfig`);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeKubeconfig(file, person);
  return file;
}

async function writeKubeconfig(file: string, identity: Identity): Promise<void> {
  const certificate = file.replace(/\.kubeconfig$/, '-client');
  await signClient(certificate, identity);
  // JSON is YAML: every reader of kubeconfigs takes it.
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'sentinel', cluster: { server: layout.server, 'certificate-authority': paths.caCertificate } }],
    users: [{ name: identity.user, user: { 'client-certificate': `${certificate}.crt`, 'client-key': `${certificate}.key` } }],
    contexts: [{ name: 'sentinel', context: { cluster: 'sentinel', user: identity.user } }],
    'current-context': 'sentinel',
  };
  const temporary = `${file}.${randomUUID()}`;
  await writeFile(temporary, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  await rename(temporary, file);
}

async function signClient(base: string, { user, groups = [] }: Identity): Promise<void> {
  const quote = (value: string) => value.replace(/[\\/]/g, '\\$&');
  const subject = `${groups.map((group) => `/O=${quote(group)}`).join('')}/CN=${quote(user)}`;
  await sign(base, subject, ['-addext', 'extendedKeyUsage=clientAuth']);
}

async function sign(
  base: string,
  subject: string,
  extra: readonly string[],
  signedBy = { certificate: paths.caCertificate as string, key: paths.caKey as string },
): Promise<void> {
  const authority = [
    '-CA',
    signedBy.certificate,
    '-CAkey',
    signedBy.key,
    '-days',
    '365',
    '-addext',
    'basicConstraints=critical,CA:FALSE',
  ];
  await run('openssl', [
    'req',
    '-x509',
    ...authority,
    ...newKey,
    '-subj',
    subject,
    ...extra,
    '-keyout',
    `${base}.key`,
    '-out',
    `${base}.crt`,
  ]);
}
