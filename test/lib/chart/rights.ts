import { createReadStream, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { paths } from '@sentinel/cluster';
import type { Use } from '../../../tools/rbac/usage.ts';

interface Entry {
  readonly verb: string;
  readonly userAgent?: string;
  /** Without a name if the request was not authenticated. */
  readonly user: { readonly username?: string };
  readonly impersonatedUser?: { readonly username: string; readonly extra?: Readonly<Record<string, readonly string[]>> };
  readonly objectRef?: {
    readonly apiGroup?: string;
    readonly resource?: string;
    readonly subresource?: string;
    readonly name?: string;
  };
  readonly annotations?: Readonly<Record<string, string>>;
}

// What the authorizer of RBAC writes: kubernetes/plugin/pkg/auth/authorizer/rbac/rbac.go.
const ALLOWED = /^RBAC: allowed by (?:ClusterRoleBinding "[^"]+"|RoleBinding "[^"/]+\/([^"]+)") of (ClusterRole|Role) "([^"]+)"/;
const PROGRAM = /^system:serviceaccount:sentinel-(system|schedules):/;

/** Each kind of request once, of all that the audit log of the embedded cluster has: who asked for what, and which role allowed it. */
export async function usesInAuditLog(): Promise<Use[]> {
  const found = new Map<string, Use>();
  const note = (use: Use) => found.set(JSON.stringify(use), use);
  for (const file of readdirSync(paths.logs).filter((name) => /^audit(-.*)?\.log$/.test(name))) {
    const lines = createInterface({ input: createReadStream(join(paths.logs, file)) });
    for await (const line of lines) for (const use of usesOf(JSON.parse(line) as Entry)) note(use);
  }
  return [...found.values()];
}

function usesOf({ verb, user, userAgent: agent = '', impersonatedUser, objectRef, annotations = {} }: Entry): Use[] {
  if (objectRef?.resource === undefined) return [];
  const { apiGroup: group = '', subresource, name = '' } = objectRef;
  const resource = subresource === undefined ? objectRef.resource : `${objectRef.resource}/${subresource}`;
  const allowed = annotations['authorization.k8s.io/decision'] === 'allow';
  const [, namespace, kind, roleName] = ALLOWED.exec(annotations['authorization.k8s.io/reason'] ?? '') ?? [];
  const role = kind === undefined ? '' : kind === 'Role' ? `Role/${namespace}/${roleName}` : `ClusterRole/${roleName}`;
  const self = user.username ?? '';
  const username = impersonatedUser?.username ?? self;
  const use: Use = { user: username, agent, verb, group, resource, name, allowed, role };
  return [use, ...(impersonatedUser && PROGRAM.test(self) ? impersonations(self, agent, impersonatedUser) : [])];
}

// The log has no annotation for the right to impersonate: that the request arrived as somebody else shows it. Which role grants it follows
// from whom: the chart's own role holds only these, and that of an account grants its users.
function impersonations(user: string, agent: string, { username, extra = {} }: NonNullable<Entry['impersonatedUser']>): Use[] {
  const role = 'ClusterRole/sentinel-gateway';
  const use = { user, agent, verb: 'impersonate', allowed: true, role };
  return [
    { ...use, group: '', resource: 'users', name: username },
    ...Object.entries(extra).flatMap(([key, values]) =>
      values.map((name) => ({ ...use, group: 'authentication.k8s.io', resource: `userextras/${key}`, name })),
    ),
  ];
}
