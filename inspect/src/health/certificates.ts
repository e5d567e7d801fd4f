import { X509Certificate } from 'node:crypto';
import type { Finding, ObjectReference } from '@sentinel/findings';
import { DAY } from '../objects.ts';

/** A certificate, with the object that it was read from. Never with a private key. */
export interface CertificateAt {
  readonly object: ObjectReference;
  /** The key of the object that holds it, such as `ca.crt`. */
  readonly key: string;
  /** PEM of one certificate, or the end of its validity if another program has read it. */
  readonly pem?: string;
  readonly notAfter?: string;
}

const BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]{1,32768}?-----END CERTIFICATE-----/g;
const MOST_BLOCKS = 20;

/** The certificates in a text. A private key in the same text is not kept. */
export const certificatesIn = (text: string): string[] => [...text.matchAll(BLOCK)].slice(0, MOST_BLOCKS).map(([block]) => block);

/** Which certificates have expired or expire soon. */
export const certificateFindings = (certificates: readonly CertificateAt[], now: number): Finding[] =>
  certificates.flatMap((certificate) => findingOf(certificate, now) ?? []);

function findingOf(certificate: CertificateAt, now: number): Finding | undefined {
  const { object, key } = certificate;
  const end = validityOf(certificate);
  if (end === undefined)
    return {
      check: 'certificate-unreadable',
      severity: 'Info',
      object,
      summary: 'a certificate cannot be read',
      evidence: [{ source: 'Certificate', text: key }],
    };
  const days = (end.notAfter - now) / DAY;
  if (days > 30) return undefined;
  const date = new Date(end.notAfter).toISOString();
  const severity = days <= 0 ? 'Critical' : days <= 14 ? 'Warning' : 'Info';
  return {
    check: days <= 0 ? 'certificate-expired' : 'certificate-expires',
    severity,
    object,
    summary: days <= 0 ? `a certificate has expired at ${date}` : `a certificate expires in ${Math.floor(days)} days, at ${date}`,
    evidence: [{ source: 'Certificate', text: `${key}: ${end.subject}` }],
    suggestion: { text: 'Renew the certificate, and check what renews it.' },
  };
}

function validityOf({ pem, notAfter }: CertificateAt): { notAfter: number; subject: string } | undefined {
  try {
    const read = pem === undefined ? undefined : new X509Certificate(pem);
    const end = Date.parse(read?.validTo ?? notAfter ?? '');
    return Number.isNaN(end) ? undefined : { notAfter: end, subject: read?.subject ?? '' };
  } catch {
    return undefined;
  }
}
