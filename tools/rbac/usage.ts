import type { Role } from './roles.ts';

/** One right: a verb on a resource, for one name where the rule has names. */
export interface Right {
  readonly role: string;
  readonly group: string;
  readonly resource: string;
  readonly name: string | undefined;
  readonly verb: string;
}

/** A request, as far as the audit log of the API server says which right allowed or lacked it. */
export interface Use {
  readonly user: string;
  readonly agent: string;
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly name: string;
  readonly allowed: boolean;
  /** The role that allowed it, as {@link Role.id} has it; empty when no role did. */
  readonly role: string;
}

/** Every right that a role grants, each alone. */
export const rightsOf = ({ id, rules }: Role): Right[] =>
  rules.flatMap(({ apiGroups, resources, resourceNames = [undefined], verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        resourceNames.flatMap((name) => verbs.map((verb) => ({ role: id, group, resource, name, verb }))),
      ),
    ),
  );

/** A right in one line. */
export const rightText = ({ role, group, resource, name, verb }: Right): string =>
  `${role}: ${verb} ${resource}${group === '' ? '' : `.${group}`}${name === undefined ? '' : ` '${name}'`}`;

/** The rights that no request used. */
export function unusedRights(roles: readonly Role[], uses: readonly Use[]): Right[] {
  const key = (one: { role: string; group: string; resource: string; verb: string }, name: string) =>
    JSON.stringify([one.role, one.group, one.resource, one.verb, name]);
  const used = new Set(uses.filter(({ allowed }) => allowed).flatMap((use) => [key(use, use.name), key(use, '*')]));
  return roles.flatMap(rightsOf).filter((right) => !used.has(key(right, right.name ?? '*')));
}

/**
 * What RBAC refused although somebody asked for it, in one line each. A request that a role of the chart grants is left out: it was refused
 * while the chart was being removed or was not complete.
 */
export function missingRights(roles: readonly Role[], uses: readonly Use[]): string[] {
  const granted = roles.flatMap(rightsOf);
  const isGranted = ({ verb, group, resource, name }: Use) =>
    granted.some(
      (right) =>
        right.verb === verb &&
        right.group === group &&
        right.resource === resource &&
        (right.name === undefined || right.name === name),
    );
  const missing = uses.filter((use) => !use.allowed && !isGranted(use));
  const lines = missing.map(
    ({ user, verb, group, resource, name }) =>
      `${user}: ${verb} ${resource}${group === '' ? '' : `.${group}`}${name === '' ? '' : ` '${name}'`}`,
  );
  return [...new Set(lines)].sort();
}
