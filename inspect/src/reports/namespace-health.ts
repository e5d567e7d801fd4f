import type { Finding } from '@sentinel/findings';
import {
  budgetFindings,
  type CertificateAt,
  certificateFindings,
  certificatesIn,
  claimFindings,
  eventFindings,
  jobFindings,
  podFindings,
  quotaFindings,
  workloadFindings,
} from '../health/index.ts';
import { referTo } from '../objects.ts';
import { kinds } from '../read/kinds.ts';
import type { Reader } from '../read/reader.ts';
import type { Content, Request } from './request.ts';

/** The health of a namespace: Pods, rollouts, budgets, quotas, claims, Jobs, certificates, Warning Events. */
export async function namespaceHealth({ reader, namespace, now, windowMs, certificates }: Request): Promise<Content> {
  const inside = { namespace };
  const findings: Finding[] = [
    ...podFindings(await reader.list(kinds.pods, inside), now),
    ...workloadFindings([
      ...(await reader.list(kinds.deployments, inside)),
      ...(await reader.list(kinds.statefulsets, inside)),
      ...(await reader.list(kinds.daemonsets, inside)),
    ]),
    ...budgetFindings(await reader.list(kinds.budgets, inside)),
    ...quotaFindings(await reader.list(kinds.quotas, inside)),
    ...claimFindings(await reader.list(kinds.claims, inside), now),
    ...jobFindings([...(await reader.list(kinds.jobs, inside)), ...(await reader.list(kinds.cronjobs, inside))], now),
    ...certificateFindings(
      [...(await readCertificates(reader, namespace)), ...(await readSecrets(reader, namespace, certificates))],
      now,
    ),
    ...eventFindings(await reader.list(kinds.events, inside), windowMs, now),
  ];
  return { report: 'NamespaceHealth', subject: { kind: 'Namespace', name: namespace }, findings, hasWindow: true };
}

/** Certificates of ConfigMaps, and those that cert-manager reports, if it is installed. Only the certificates are kept. */
async function readCertificates(reader: Reader, namespace: string): Promise<CertificateAt[]> {
  const ofConfigMaps = await reader.list(kinds.configmaps, { namespace, pageSize: 20 }, (configMap) =>
    Object.entries(configMap.data ?? {}).flatMap(([key, text]) =>
      certificatesIn(text).map((pem): CertificateAt => ({ object: referTo(configMap), key, pem })),
    ),
  );
  const groups = await reader.attempt('the list of API groups', () => reader.client.raw({ method: 'GET', path: '/apis' }));
  const hasCertManager = groups?.body.toString('utf8').includes('"cert-manager.io"') ?? false;
  const issued = hasCertManager ? await reader.list(kinds.certificates, { namespace }) : [];
  const ofCertManager = issued.flatMap((certificate): CertificateAt[] => {
    const { notAfter } = certificate.status ?? {};
    return notAfter === undefined ? [] : [{ object: referTo(certificate), key: 'status.notAfter', notAfter }];
  });
  return [...ofConfigMaps.flat(), ...ofCertManager];
}

/** Certificates of Secrets that the floor lets in: the gateway shows nothing else of them. */
async function readSecrets(reader: Reader, namespace: string, names: readonly string[]): Promise<CertificateAt[]> {
  const found: CertificateAt[] = [];
  for (const name of names) {
    const secret = await reader.attempt(`certificate of Secret ${name}`, () =>
      reader.client.getOrThrow(kinds.secrets, { name, namespace }),
    );
    if (secret === undefined) continue;
    const text = Buffer.from(secret.data?.['tls.crt'] ?? '', 'base64').toString('latin1');
    const object = { kind: 'Secret', namespace, name };
    const pems = certificatesIn(text);
    // No certificate is not a good certificate.
    if (pems.length === 0) reader.unread.push({ what: `certificate of Secret ${name}`, reason: 'tls.crt has no certificate' });
    found.push(...pems.map((pem) => ({ object, key: 'tls.crt', pem })));
  }
  return found;
}
