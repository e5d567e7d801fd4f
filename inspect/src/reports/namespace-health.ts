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
export async function namespaceHealth({ reader, namespace, now, windowMs }: Request): Promise<Content> {
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
    ...certificateFindings(await readCertificates(reader, namespace), now),
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
