import { X509Certificate } from 'node:crypto';

/** More than the certificates of any chain in use. */
const MOST_CERTIFICATES = 8;

/**
 * Whether an authority of a bundle (PEM) vouches for a client certificate now: it issued the certificate, or one of the intermediate
 * certificates that its client sent, and all of them are valid at this time. It is asked about certificates that a TLS handshake verified
 * with the authorities of its own time: a connection, or a session that is resumed, may be older than the authorities of now.
 */
export function isVouchedFor(certificate: X509Certificate | undefined, bundle: string, now: number): boolean {
  const authorities = certificatesIn(bundle);
  let at = certificate;
  for (let count = 0; at !== undefined && count < MOST_CERTIFICATES; count++) {
    const one: X509Certificate = at;
    if (!isValidAt(one, now)) return false;
    if (authorities.some((authority) => isValidAt(authority, now) && isIssuedBy(one, authority))) return true;
    const issuer = one.issuerCertificate;
    at = issuer !== undefined && !issuer.raw.equals(one.raw) && isIssuedBy(one, issuer) ? issuer : undefined;
  }
  return false;
}

const isIssuedBy = (certificate: X509Certificate, issuer: X509Certificate): boolean =>
  issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);

const isValidAt = ({ validFromDate, validToDate }: X509Certificate, now: number): boolean =>
  validFromDate.getTime() <= now && now <= validToDate.getTime();

const certificatesIn = (bundle: string): X509Certificate[] =>
  (bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map((pem) => new X509Certificate(pem));
