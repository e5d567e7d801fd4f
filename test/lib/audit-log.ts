import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { paths } from '@sentinel/cluster';
import { tryRun } from '../../tools/run.ts';

/** A request as the API server's own audit log reports it. */
export interface AuditEntry {
  readonly auditID: string;
  readonly stage: string;
  readonly verb: string;
  readonly requestURI: string;
  readonly requestReceivedTimestamp: string;
  /** When it was answered. */
  readonly stageTimestamp: string;
  readonly user: { readonly username: string };
  readonly impersonatedUser?: { readonly username: string; readonly extra?: Readonly<Record<string, readonly string[]>> };
  readonly objectRef?: {
    readonly resource: string;
    readonly subresource?: string;
    readonly name?: string;
    readonly namespace?: string;
  };
  readonly responseStatus?: { readonly code: number };
}

/** The requests that were answered and name `text`, such as a namespace, oldest first; also from logs that were rotated away. */
export async function auditEntries(text: string): Promise<AuditEntry[]> {
  // `audit.log` sorts behind `audit-TIME.log`.
  const files = readdirSync(paths.logs)
    .filter((name) => /^audit(-.*)?\.log$/.test(name))
    .sort()
    .map((name) => join(paths.logs, name));
  const { code, stdout, stderr } = await tryRun('grep', ['-hF', '--', text, ...files]);
  if (code > 1) throw new Error(`the audit log cannot be read: ${stderr}`);
  return stdout
    .split('\n')
    .filter((line) => line.includes('ResponseComplete'))
    .map((line) => JSON.parse(line) as AuditEntry);
}

/** The same for any of several texts, each request once. */
export async function auditEntriesOfAny(texts: readonly string[]): Promise<AuditEntry[]> {
  const found = (await Promise.all(texts.map(auditEntries))).flat();
  return [...new Map(found.map((entry) => [entry.auditID, entry])).values()];
}

/** How many writes of real runs to an object the API server carried out. */
export async function realWrites(namespace: string, name: string): Promise<number> {
  return (await auditEntries(namespace)).filter(
    ({ verb, impersonatedUser, requestURI, objectRef, responseStatus }) =>
      verb === 'patch' &&
      impersonatedUser?.username.startsWith('sentinel:enforce:') &&
      !requestURI.includes('dryRun') &&
      objectRef?.name === name &&
      responseStatus?.code === 200,
  ).length;
}
