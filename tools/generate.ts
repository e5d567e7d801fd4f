import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { commandReference } from '@sentinel/cli/reference';
import { GROUP, kinds } from '@sentinel/crds';
import { apiReference, customResourceDefinition } from '@sentinel/crds/schema';
import { builtInTables } from '@sentinel/policy/document';
import { stringify } from 'yaml';
import { chartReadme } from './chart/readme.ts';
import { schemaOf } from './chart/schema.ts';
import { readValues } from './chart/values.ts';
import { sections } from './errors/catalogue.ts';
import { catalogueFaults } from './errors/faults.ts';
import { errorsPage } from './errors/page.ts';
import { guardMessages, readUsers } from './errors/read-errors.ts';
import { guardsModule, guardsOf, templatesOf } from './guards.ts';
import { withDrawing } from './layout/drawing.ts';
import { layout } from './layout/layout.ts';
import { libraryFile } from './library.ts';
import { rbacPage, reasonFaults } from './rbac/page.ts';
import { readRoles } from './rbac/roles.ts';
import { decisionIndex } from './repository/decision-index.ts';

/**
 * Writes what is derived from the kinds: CRDs, the chart's copy of them, the API reference; the tables of docs/commands.md; the index of
 * the decision records; the drawing of docs/architecture.md; docs/errors.md from the tables of errors; docs/kubectl-sentinel.md from
 * the command line; the Playbooks of the chart sentinel-library; the schema of the chart's values and its README from values.yaml;
 * docs/rbac.md from its roles; and the guards that the operator compares the cluster with, from the templates of the chart.
 * With `--check` nothing is written; it fails when a committed file differs from what would be, when the tables of errors
 * have a fault, or when a right has no reason.
 */
const root = join(import.meta.dirname, '..');
const COMMANDS = 'docs/commands.md';
const note = '# Generated from crds/src by `make generate`; not edited by hand.\n';

const roles = readRoles(join(root, 'charts/sentinel'));
const guards = guardsOf(templatesOf(join(root, 'charts/sentinel')));

function files(): Map<string, string> {
  const written = new Map<string, string>();
  for (const kind of kinds) {
    const yaml = stringify(customResourceDefinition(kind), { lineWidth: 0 });
    written.set(`crds/generated/${GROUP}_${kind.plural}.yaml`, note + yaml);
    written.set(`charts/sentinel/templates/crds/${kind.plural}.yaml`, chartTemplate(yaml));
  }
  written.set('docs/api.md', apiReference(kinds));
  written.set('docs/decisions/README.md', decisionIndex(root));
  written.set('docs/architecture.md', withDrawing(read(join(root, 'docs/architecture.md')) ?? '', layout));
  const { safe, dangerous } = builtInTables();
  const page = withTable(read(join(root, COMMANDS)) ?? '', 'Safe reads', safe);
  written.set(COMMANDS, withTable(page, 'Dangerous commands', dangerous));
  written.set('operator/src/generated/guards.ts', guardsModule(guards));
  written.set('charts/sentinel-library/files/library.yaml', libraryFile(root));
  const values = readValues(read(join(root, 'charts/sentinel/values.yaml')) ?? '');
  written.set('charts/sentinel/values.schema.json', schemaOf(values));
  written.set('charts/sentinel/README.md', chartReadme(values));
  written.set('docs/kubectl-sentinel.md', commandReference());
  written.set('docs/rbac.md', rbacPage(roles));
  written.set('docs/errors.md', errorsPage(sections, guardMessages(guards.guards)));
  return written;
}

// The rest of the page is written by hand.
function withTable(page: string, heading: string, table: string): string {
  const begin = page.indexOf(`\n## ${heading}\n`);
  if (begin < 0) throw new Error(`${COMMANDS} has no heading '${heading}'`);
  const from = page.indexOf('\n| line |', begin) + 1;
  const end = /\n(?!\|)|$/.exec(page.slice(from))?.index ?? 0;
  return page.slice(0, from) + table + page.slice(from + end);
}

// CRDs are templates and not in the chart's crds/ folder, because Helm never upgrades what lies there.
function chartTemplate(yaml: string): string {
  const kept = yaml.replace(/^metadata:\n/m, 'metadata:\n  annotations:\n    helm.sh/resource-policy: keep\n');
  return `${note}{{- if .Values.crds.install }}\n${kept}{{- end }}\n`;
}

const check = process.argv.includes('--check');
const stale: string[] = [];
for (const [path, content] of files()) {
  const target = join(root, path);
  if (check) {
    if (read(target) !== content) stale.push(path);
    continue;
  }
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, content);
}
if (stale.length > 0) {
  process.stderr.write(`These files differ from what their sources generate; run \`make generate\`:\n  ${stale.join('\n  ')}\n`);
  process.exitCode = 1;
}

const faults = check ? catalogueFaults(sections, readUsers(root), guardMessages(guards.guards)) : [];
const unexplained = reasonFaults(roles);
if (unexplained.length > 0) {
  process.stderr.write(`The reasons of rights (tools/rbac/reasons.ts):\n  ${unexplained.join('\n  ')}\n`);
  process.exitCode = 1;
}
if (faults.length > 0) {
  process.stderr.write(`The catalogue of errors:\n  ${faults.join('\n  ')}\n`);
  process.exitCode = 1;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
