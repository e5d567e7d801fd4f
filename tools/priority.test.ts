import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { CPU_REQUESTS } from '@sentinel/policy';
import { parse, parseAllDocuments } from 'yaml';
import { templatesOf } from './guards.ts';

const folder = join(import.meta.dirname, '..', 'charts', 'sentinel');
const chart = templatesOf(folder);
const PROGRAMS = ['operator', 'webhook', 'gateway', 'evidence'];

const values = parse(readFileSync(join(folder, 'values.yaml'), 'utf8')) as Readonly<
  Record<string, { readonly resources: { readonly requests: { readonly cpu: string } }; readonly cpuRequests?: object }>
>;

interface Flow {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly priorityLevelConfiguration: { readonly name: string };
    readonly matchingPrecedence: number;
    readonly distinguisherMethod: { readonly type: string };
    readonly rules: readonly {
      readonly subjects: readonly { readonly serviceAccount: { readonly namespace: string; readonly name: string } }[];
    }[];
  };
}

// Without labels and conditions, which Helm fills in: a machine that only checks may not have it.
const objects = (file: string) =>
  parseAllDocuments((chart.get(file) ?? '').replaceAll(/^.*\{\{.*\n/gm, '')).flatMap((document) => document.toJS() ?? []);

describe('The programs', () => {
  const flow = objects('priority.yaml').find(({ kind }) => kind === 'FlowSchema') as Flow;

  it('have a flow of their own at the API server, before that of all service accounts', () => {
    const accounts = flow.spec.rules.flatMap(({ subjects }) => subjects.map(({ serviceAccount }) => serviceAccount));
    assert.deepEqual(
      accounts,
      PROGRAMS.map((name) => ({ namespace: 'sentinel-system', name: `sentinel-${name}` })),
    );
    assert.ok(flow.spec.matchingPrecedence < 9000);
    assert.equal(flow.spec.distinguisherMethod.type, 'ByUser');
    const levels = objects('priority.yaml').filter(({ kind }) => kind === 'PriorityLevelConfiguration');
    assert.deepEqual(
      levels.map(({ metadata }) => metadata.name),
      [flow.spec.priorityLevelConfiguration.name],
    );
  });

  // Helm reads numbers of the values as floating point, and writes 1000000 as 1e+06: the API server takes no such priority.
  it('have a priority that is written as a whole number', () =>
    assert.match(chart.get('priority.yaml') ?? '', /^value: \{\{ int64 \.Values\.priorityClass\.value \}\}$/m));

  for (const program of PROGRAMS)
    it(`go before other pods where a node is full: the ${program}`, () => {
      assert.match(chart.get(`${program}.yaml`) ?? '', new RegExp(`include "sentinel.podSettings" \\(list \\. "${program}"\\)`));
      assert.match(
        readFileSync(join(folder, 'templates', '_helpers.tpl'), 'utf8'),
        /define "sentinel\.podSettings"[\s\S]*\{\{- with \$root\.Values\.priorityClass\.name \}\}\npriorityClassName: \{\{ \. \}\}/,
      );
    });

  for (const program of PROGRAMS)
    it(`request more CPU than a sandbox of any stage: the ${program}`, () => {
      const requested = values[program]?.resources.requests.cpu ?? '';
      assert.match(requested, /^\d+m$/);
      assert.ok(Number.parseFloat(requested) > Math.max(...Object.values(CPU_REQUESTS).map(Number.parseFloat)), requested);
    });

  it('have the values of the chart as their defaults for sandboxes', () => {
    assert.deepEqual(values.sandbox?.cpuRequests, CPU_REQUESTS);
  });
});
