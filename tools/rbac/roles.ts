import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

/** A rule of a role, as RBAC has it. */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** A role of the chart. */
export interface Role {
  /** `ClusterRole/NAME`, or `Role/NAMESPACE/NAME`. */
  readonly id: string;
  readonly rules: readonly Rule[];
}

interface RoleObject {
  readonly kind?: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules: readonly Rule[];
}

/** The roles of the chart in a folder, with those of `helm test`. */
export function readRoles(chart: string): Role[] {
  const files = globSync('templates/{*,tests/*}.yaml', { cwd: chart }).sort();
  return rolesOf(new Map(files.map((file) => [file, readFileSync(join(chart, file), 'utf8')])));
}

/**
 * The roles among the templates of the chart, read without Helm, which a machine that only checks may not have. Throws for a rule with an
 * expression: a right must be the same in each installation.
 */
export function rolesOf(templates: ReadonlyMap<string, string>): Role[] {
  const roles = [...templates].flatMap(([file, text]) => {
    const documents = text.split(/^---[ \t]*$/m).filter((document) => /^kind: (Cluster)?Role$/m.test(document));
    return documents.map((document) => roleFrom(file, document));
  });
  const ids = roles.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice) throw new Error(`${twice} is in the templates twice`);
  return roles.sort((a, b) => (a.id < b.id ? -1 : 1));
}

function roleFrom(file: string, document: string): Role {
  const rules = document.slice(document.search(/^rules:/m)).replace(/^\{\{- end \}\}$/gm, '');
  if (rules.includes('{{')) throw new Error(`${file}: the rules of a role must be the same in each installation`);
  const [object] = parseAllDocuments(document.replaceAll(/^.*\{\{.*\n/gm, '')).map((one) => one.toJS() as RoleObject);
  if (!object?.rules?.length) throw new Error(`${file}: a role without rules`);
  const { name, namespace } = object.metadata;
  return { id: namespace === undefined ? `ClusterRole/${name}` : `Role/${namespace}/${name}`, rules: object.rules };
}

/** A rule in one line, such as `get,list pods` or `get configmaps [sentinel-acts]`: its key in the table of reasons. */
export function ruleText({ apiGroups, resources, resourceNames, verbs }: Rule): string {
  const named = resources.flatMap((resource) => apiGroups.map((group) => (group === '' ? resource : `${resource}.${group}`)));
  const names = resourceNames === undefined ? '' : ` [${resourceNames.join(', ')}]`;
  return `${verbs.join(',')} ${named.join(', ')}${names}`;
}
