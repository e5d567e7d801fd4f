import { leavesOf, type Value } from './values.ts';

/** README.md of the chart: how to install it, and each value with its default and what it does. */
export function chartReadme(values: readonly Value[]): string {
  return `# sentinel

Makes it safe to let AI agents change things in Kubernetes: the CRDs, operator, webhook, gateway and evidence store of Sentinel.

    helm upgrade --install sentinel charts/sentinel --wait
    helm test sentinel

The programs are installed into \`sentinel-system\`, whatever the namespace of the release is. The [guide for admins](../../docs/guides/admins.md) says what the cluster needs and what comes next, [rbac.md](../../docs/rbac.md) gives the reason for each right of the programs.

## Values

Unknown values are refused. This page is generated from \`values.yaml\` by \`make generate\`.

| value | default | what it does |
| --- | --- | --- |
${leavesOf(values).map(row).join('\n')}
`;
}

function row({ path, default: value, about }: Value): string {
  const shown = JSON.stringify(value);
  return `| \`${path}\` | \`${escaped(shown)}\` | ${escaped(textOf(about))} |`;
}

/** One line; an example, which is set off by blank lines, is left to values.yaml. */
function textOf(about: readonly string[]): string {
  const lines = about.filter((line) => !line.startsWith('    ') && line !== '');
  return lines.join(' ').replace(/ For example:$/, '');
}

const escaped = (text: string) => text.replaceAll('|', '\\|');
