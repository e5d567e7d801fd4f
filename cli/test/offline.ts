import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { runCli } from '../src/main.ts';

/** The folder with examples of policies. */
export const examples = join(import.meta.dirname, '../../examples/policies');

/** Runs `policy …` without a cluster: opening one fails the test. */
export async function policy(argv: readonly string[], input = ''): Promise<{ code: number; out: string; error: string }> {
  let out = '';
  let error = '';
  const io = {
    stdout: { write: (text: string) => (out += text) },
    stderr: { write: (text: string) => (error += text) },
    stdin: Readable.from([input]),
    isTTY: { stdin: false, stdout: false },
    env: {},
  };
  const code = await runCli(['policy', ...argv], io, () => {
    throw new Error('a cluster was asked');
  });
  return { code, out, error };
}

/** A file with a text in a folder of its own. */
export function file(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'sentinel-policy-')), 'policies.yaml');
  writeFileSync(path, text);
  return path;
}

const indented = (fields: string) => fields.replaceAll(/^/gm, '  ');

/** A ClusterAgentPolicy `floor` with the given fields. */
export const floorOf = (fields: string): string =>
  `apiVersion: sentinel.dev/v1alpha1\nkind: ClusterAgentPolicy\nmetadata: {name: floor}\nspec:\n${indented(fields)}\n---\n`;

/** An AgentPolicy `shop` in the namespace of that name. */
export const policyOf = (fields: string): string =>
  `apiVersion: sentinel.dev/v1alpha1\nkind: AgentPolicy\nmetadata: {name: shop, namespace: shop}\nspec:\n${indented(fields)}\n---\n`;
