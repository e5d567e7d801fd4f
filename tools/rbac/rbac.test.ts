import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { rbacPage, reasonFaults } from './page.ts';
import { reasons } from './reasons.ts';
import { type Role, readRoles, rolesOf, ruleText } from './roles.ts';
import { missingRights, rightsOf, rightText, type Use, unusedRights } from './usage.ts';

const roles = readRoles(join(import.meta.dirname, '..', '..', 'charts', 'sentinel'));

describe('The rights of the chart', () => {
  it('each have a reason, and each reason has its rule', () => {
    assert.ok(roles.length > 20, `${roles.length} roles`);
    assert.deepEqual(reasonFaults(roles), []);
  });

  it('are on the page, each rule once', () => {
    const page = rbacPage(roles);
    const rows = page.split('\n').filter((line) => line.startsWith('| `'));
    assert.equal(rows.length, roles.flatMap(({ rules }) => rules).length);
    assert.ok(rows.every((row) => /\| [A-Z`][^|]+\. \|$/.test(row)));
  });

  it('are missed in the table when one is added, and when one is removed', () => {
    for (const role of roles)
      for (const [index, rule] of role.rules.entries()) {
        const less = role.rules.filter((_, at) => at !== index);
        const more = [...role.rules, { ...rule, verbs: [...rule.verbs, 'escalate'] }];
        const withRules = (rules: Role['rules']) => roles.map((one) => (one === role ? { ...one, rules } : one));
        assert.deepEqual(reasonFaults(withRules(less)), [`${role.id}: the chart has no rule '${ruleText(rule)}'`]);
        assert.equal(reasonFaults(withRules(more)).length, 1);
      }
    assert.equal(Object.keys(reasons).length, roles.length);
  });

  it('are refused where a value changes them', () => {
    const template = 'kind: Role\nmetadata:\n  name: a\n  namespace: b\nrules:\n- {verbs: {{ .Values.verbs }}}\n';
    assert.throws(() => rolesOf(new Map([['x.yaml', template]])), /x\.yaml: the rules of a role must be the same/);
  });

  const role: Role = {
    id: 'Role/a/b',
    rules: [
      { apiGroups: [''], resources: ['pods', 'pods/log'], verbs: ['get', 'list'] },
      { apiGroups: ['apps'], resources: ['deployments'], resourceNames: ['web'], verbs: ['get'] },
    ],
  };
  const use = (resource: string, verb: string, name = '', more: Partial<Use> = {}): Use => ({
    ...{ user: 'u', agent: 'a', group: '', allowed: true, role: 'Role/a/b' },
    ...{ resource, verb, name, ...more },
  });

  it('are used by a request for that verb, resource and name which that role allowed', () => {
    assert.equal(rightsOf(role).length, 5);
    const uses = [
      use('pods', 'get', 'x'),
      use('pods', 'list'),
      use('pods/log', 'get', 'x'),
      use('pods/log', 'list', '', { role: 'Role/a/other' }),
      use('deployments', 'get', 'db', { group: 'apps' }),
    ];
    assert.deepEqual(unusedRights([role], uses).map(rightText), [
      'Role/a/b: list pods/log',
      "Role/a/b: get deployments.apps 'web'",
    ]);
  });

  it('are not used by a request that was refused', () => {
    assert.equal(unusedRights([role], [use('pods', 'get', 'x', { allowed: false })]).length, 5);
  });

  it('are missing where a program was refused what no role of the chart grants', () => {
    const refused = { allowed: false, role: '' };
    const uses = [
      use('pods', 'get', 'x', refused),
      use('deployments', 'get', 'web', { group: 'apps', ...refused }),
      use('deployments', 'get', 'db', { group: 'apps', ...refused }),
      use('secrets', 'list', '', refused),
      use('secrets', 'get', 'x'),
    ];
    assert.deepEqual(missingRights([role], uses), ["u: get deployments.apps 'db'", 'u: list secrets']);
  });
});
