import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { AccessSubject } from '@sentinel/kube';
import { z } from 'zod';
import { Refused } from './refused.ts';
import { isVouchedFor } from './vouched-for.ts';

/**
 * How the API server authenticates to servers behind it, and how it says for whom: the ConfigMap
 * `kube-system/extension-apiserver-authentication`, which it writes itself.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer/
 */
export interface FrontProxy {
  /** The authority of its client certificate (PEM). */
  readonly authority: string;
  /** Common names that the certificate may have; any, if there are none. */
  readonly names: readonly string[];
  readonly userHeaders: readonly string[];
  readonly uidHeaders: readonly string[];
  readonly groupHeaders: readonly string[];
  readonly extraPrefixes: readonly string[];
}

const Names = z
  .string()
  .optional()
  .transform((text, context): string[] => {
    try {
      return z.array(z.string()).parse(JSON.parse(text ?? '[]'));
    } catch {
      context.addIssue({ code: 'custom', message: 'is not a list of names' });
      return z.NEVER;
    }
  });

const Data = z.object({
  'requestheader-client-ca-file': z.string().min(1).optional(),
  'requestheader-allowed-names': Names,
  'requestheader-username-headers': Names,
  'requestheader-uid-headers': Names,
  'requestheader-group-headers': Names,
  'requestheader-extra-headers-prefix': Names,
});

/** Reads the data of that ConfigMap; undefined if the cluster has no aggregation layer. Throws if it cannot be understood. */
export function readFrontProxy(data: unknown): FrontProxy | undefined {
  const parsed = Data.safeParse(data ?? {});
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error(`extension-apiserver-authentication: ${issue?.path.join('.')} ${issue?.message}`);
  }
  const authority = parsed.data['requestheader-client-ca-file'];
  if (authority === undefined) return undefined;
  const lower = (names: readonly string[]) => names.map((name) => name.toLowerCase());
  return {
    authority,
    names: parsed.data['requestheader-allowed-names'],
    userHeaders: lower(parsed.data['requestheader-username-headers']),
    uidHeaders: lower(parsed.data['requestheader-uid-headers']),
    groupHeaders: lower(parsed.data['requestheader-group-headers']),
    extraPrefixes: lower(parsed.data['requestheader-extra-headers-prefix']),
  };
}

/**
 * Who sent a request to the API server, as its aggregation layer says. The headers count only behind its client certificate: anybody can
 * write headers. Throws Refused (401) for every other connection, also for one whose authority was believed when it began and is not now.
 */
export function callerOf(request: IncomingMessage, proxy: FrontProxy | undefined, now: number): AccessSubject {
  if (proxy === undefined) throw unauthorized('the cluster does not say which certificate its aggregation layer has');
  const socket = request.socket as TLSSocket;
  if (!socket.authorized || !isVouchedFor(socket.getPeerX509Certificate(), proxy.authority, now))
    throw unauthorized(
      'only the aggregation layer of the API server is answered: a client certificate of its authority is required',
    );
  const { CN } = socket.getPeerCertificate().subject ?? {};
  if (proxy.names.length > 0 && !proxy.names.includes(String(CN)))
    throw unauthorized('the client certificate has a name that the aggregation layer does not have');
  return subjectOf(request.headersDistinct, proxy);
}

/** The identity in the headers. Throws Refused (401) if there is no user, or more than one. */
export function subjectOf(headers: NodeJS.Dict<string[]>, proxy: FrontProxy): AccessSubject {
  const valuesOf = (names: readonly string[]) =>
    names
      .flatMap((name) => headers[name] ?? [])
      .filter((value) => value !== '')
      .map(fromUtf8);
  const [user, ...others] = valuesOf(proxy.userHeaders);
  if (user === undefined || others.length > 0) throw unauthorized('the request does not say for which one user it is sent');
  const [uid] = valuesOf(proxy.uidHeaders);
  const extra: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  for (const [name, values] of Object.entries(headers)) {
    const prefix = proxy.extraPrefixes.find((one) => name.startsWith(one));
    if (prefix === undefined || !values) continue;
    const key = decoded(name.slice(prefix.length));
    extra[key] = [...(extra[key] ?? []), ...values.map(fromUtf8)];
  }
  return { user, uid, groups: valuesOf(proxy.groupHeaders), extra: { ...extra } };
}

// A byte order mark is kept: it is a part of the name.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

// The API server writes names in UTF-8, and Node reads headers as Latin-1: the name of one user would be that of another one.
function fromUtf8(header: string): string {
  try {
    return utf8.decode(Buffer.from(header, 'latin1'));
  } catch {
    throw unauthorized('a name in the headers of the request is not UTF-8');
  }
}

// As the API server reads them: what is not encoded well is taken as it stands.
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const unauthorized = (message: string) => new Refused(401, 'FrontProxyRequired', message);
