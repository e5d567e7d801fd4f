import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** An object as a template has it, without labels and annotations. */
export interface Guard {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** What the operator compares the cluster with before a start. */
export interface Guards {
  readonly guards: readonly Guard[];
  readonly namespaceLabels: Readonly<Record<string, string>>;
}

const SANDBOXES = 'sentinel-sandboxes';
const SCHEDULES = 'sentinel-schedules';
const KINDS = [
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
  'MutatingWebhookConfiguration',
  'ValidatingWebhookConfiguration',
  'NetworkPolicy',
] as const;

// The expressions that guards may have: labels, and values of a release that the operator knows (release-values.ts there).
const LABELS = /^ {2}labels: \{\{- include "sentinel\.labels" \. \| nindent 4 \}\}\n/m;
const VALUES: ReadonlyMap<string, string> = new Map([
  ['{{ include "sentinel.image" . }}', '$(image)'],
  ['{{ include "sentinel.apiServerPorts" . }}', '$(apiServerPorts)'],
]);
const ADMISSION = /^admissionregistration\.k8s\.io\//;
const NAMESPACE = /^ {2}namespace: (\S+)$/m;
const OPENS = /\{\{-? *(?:if|range|with|block|define)\b/g;
const ENDS = /\{\{-? *end\b/g;

/**
 * The guards among the templates of the chart, read without Helm, which a machine that only checks may not have. A guard with any
 * expression but its labels and the values that the operator knows, or within a condition, is refused: its content would not be known.
 */
export function guardsOf(templates: ReadonlyMap<string, string>): Guards {
  const guards = [...templates].flatMap(([file, text]) => guardsIn(file, text));
  for (const kind of KINDS) if (!guards.some((guard) => guard.kind === kind)) throw new Error(`no template has a ${kind}`);
  const names = guards.map(({ kind, metadata }) => `${kind} '${metadata.name}'`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice) throw new Error(`${twice} is in the templates twice`);
  return { guards, namespaceLabels: namespaceLabels(templates) };
}

function guardsIn(file: string, text: string): Guard[] {
  const found: Guard[] = [];
  let depth = 0;
  for (const document of documentsOf(text)) {
    const { apiVersion, kind } = headOf(document);
    // Only the network of sandboxes and of schedules is a guard.
    const guards =
      kind === 'NetworkPolicy'
        ? [SANDBOXES, SCHEDULES].includes(NAMESPACE.exec(document)?.[1] ?? '')
        : ADMISSION.test(apiVersion);
    if (guards) found.push(guardFrom(file, document, depth));
    depth += (document.match(OPENS)?.length ?? 0) - (document.match(ENDS)?.length ?? 0);
  }
  return found;
}

function guardFrom(file: string, document: string, depth: number): Guard {
  if (document.includes('$(')) throw new Error(`${file}: a guard must not contain '$(', which stands for a value of the release`);
  const plain = [...VALUES].reduce((text, [written, value]) => text.replaceAll(written, value), document.replace(LABELS, ''));
  const expression = /\{\{[^\n]*/.exec(plain)?.[0];
  if (expression) throw new Error(`${file}: a guard must be the same in each installation, but this one has '${expression}'`);
  if (depth !== 0) throw new Error(`${file}: a guard must be the same in each installation, but this one is within a condition`);
  const { metadata, ...rest } = parse(plain) as Guard;
  const { name, namespace } = metadata;
  if (!KINDS.some((kind) => kind === rest.kind))
    throw new Error(`${file}: the operator does not compare ${rest.kind} '${name}'; add the kind to operator/src/facts/guards`);
  return { ...rest, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } };
}

// Only these act on what is in the namespace, no matter who made it. They may be within a condition: it says who makes the namespace.
function namespaceLabels(templates: ReadonlyMap<string, string>): Record<string, string> {
  const texts = [...templates.values()].filter((text) => text.includes(`"${SANDBOXES}"`));
  const document = texts.flatMap(documentsOf).find((one) => headOf(one).kind === 'Namespace') ?? '';
  const plain = document.replaceAll(/^\{\{- end \}\}\n/gm, '').replace('{{ $name }}', SANDBOXES);
  if (plain.includes('{{')) throw new Error(`the labels of namespace '${SANDBOXES}' must be the same in each installation`);
  const object = parse(plain) as { metadata: { labels: Record<string, string> } } | null;
  const labels = Object.entries(object?.metadata.labels ?? {}).filter(([label]) =>
    label.startsWith('pod-security.kubernetes.io/'),
  );
  if (labels.length === 0) throw new Error(`no template sets the Pod Security labels of namespace '${SANDBOXES}'`);
  return Object.fromEntries(labels);
}

const documentsOf = (text: string) => text.split(/^---[ \t]*$/m);

function headOf(document: string): { apiVersion: string; kind: string } {
  const field = (name: string) => new RegExp(`^${name}: "?([^\\s"]+)`, 'm').exec(document)?.[1] ?? '';
  return { apiVersion: field('apiVersion'), kind: field('kind') };
}

/** The templates of a chart by file name; CRDs and helpers are left out. */
export function templatesOf(chart: string): Map<string, string> {
  const folder = join(chart, 'templates');
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  return new Map(files.sort().map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

/** The module of the operator that holds the guards. */
export function guardsModule({ guards, namespaceLabels: labels }: Guards): string {
  const literal = (value: unknown) => JSON.stringify(value, undefined, 2);
  return `// Generated from charts/sentinel/templates by \`make generate\`; not edited by hand.
import type { AnyObject } from '@sentinel/kube';

/** Each guard as the chart renders it, without labels and annotations; $(NAME) stands for a value of the release. */
export const renderedGuards: readonly AnyObject[] = ${literal(guards)};

/** The labels of the sandbox namespace that Kubernetes enforces Pod Security by. */
export const sandboxNamespaceLabels: Readonly<Record<string, string>> = ${literal(labels)};
`;
}
