import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { states } from '@sentinel/crds';
import { observeStore } from '@sentinel/evidence/testing';
import { observeWork } from '@sentinel/gateway/testing';
import { registry } from '@sentinel/kube';
import { observeActions, observeSchedules, summarizeActions } from '@sentinel/operator/testing';
import '@sentinel/webhook/testing';
import { parse } from 'yaml';
import { type Use, usesOf } from './selectors.ts';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<string, string>>;
}
interface Case {
  readonly name: string;
  readonly input_series: readonly { readonly series: string }[];
  readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[];
}

const root = join(import.meta.dirname, '..', '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const rules = (parse(read('charts/sentinel/monitoring/rules.yaml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);
const { tests: cases } = parse(read('charts/sentinel/monitoring/rules.test.yaml')) as { tests: Case[] };
const { panels } = JSON.parse(read('charts/sentinel/monitoring/dashboard.json')) as {
  panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
};
const guide = read('docs/guides/monitoring.md');

/** What Prometheus adds to each series, and what it makes of each target by itself. */
const ADDED = new Set(['job', 'pod']);
const OWN = new Set(['up']);
const JOBS = new Set(['sentinel-operator', 'sentinel-webhook', 'sentinel-gateway', 'sentinel-evidence']);

observeWork({ requests: () => 0, rehearsals: () => 0, storage: () => undefined });
observeActions(() => summarizeActions([], 0));
observeSchedules(() => []);
observeStore(() => ({ used: 0, limit: 0, items: 0 }));

/** The labels of each series that the programs serve, by its name: histograms have three. */
const served = new Map<string, ReadonlySet<string>>();
for (const metric of registry.getMetricsAsArray() as unknown as { name: string; type: string; labelNames: string[] }[]) {
  const { name, type, labelNames } = metric;
  const series = type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
  for (const suffix of series) served.set(name + suffix, new Set([...labelNames, ...(suffix === '_bucket' ? ['le'] : [])]));
}

function faultOf({ metric, label, equals }: Use): string | undefined {
  if (label === 'job' && equals !== undefined && !JOBS.has(equals)) return `no program is scraped as the job '${equals}'`;
  if (OWN.has(metric)) return undefined;
  const labels = served.get(metric);
  if (!labels) return `no program serves ${metric}`;
  if (label === undefined || ADDED.has(label)) return undefined;
  if (!labels.has(label)) return `${metric} has no label '${label}'`;
  if (label === 'state' && equals !== undefined && !(equals in states)) return `there is no state '${equals}'`;
  return undefined;
}

const faultsIn = (expression: string) => usesOf(expression).flatMap((use) => faultOf(use) ?? []);

describe('The alerts', () => {
  for (const { alert, expr, labels, annotations } of rules)
    it(`${alert} asks for what the programs serve, and says what to do`, () => {
      assert.deepEqual(faultsIn(expr), []);
      assert.match(labels.severity, /^(critical|warning|info)$/);
      assert.deepEqual(Object.keys(annotations), ['summary', 'description', 'runbook_url']);
      assert.equal(annotations.runbook_url, `docs/guides/monitoring.md#${alert.toLowerCase()}`);
      assert.match(guide, new RegExp(`^### ${alert}$`, 'm'));
    });

  it('are each seen to fire, and not to fire before', () => {
    assert.deepEqual(
      cases.map(({ name }) => name),
      rules.map(({ alert }) => alert),
    );
    for (const { name, alert_rule_test: moments } of cases) {
      assert.ok(moments.every(({ alertname }) => alertname === name));
      assert.deepEqual(
        moments.map(({ exp_alerts: fired }) => fired.length),
        [0, 1],
        name,
      );
    }
  });

  it('are tried with series that the programs serve', () => {
    const faults = cases.flatMap(({ input_series: all }) => all.flatMap(({ series }) => faultsIn(series)));
    assert.deepEqual(faults, []);
  });

  it('have a page that names no other', () => {
    const named = [...guide.matchAll(/^### (Sentinel\w+)$/gm)].map(([, name]) => name);
    assert.deepEqual(
      named,
      rules.map(({ alert }) => alert),
    );
  });
});

describe('The dashboard', () => {
  for (const { title, targets = [] } of panels.filter((panel) => panel.targets !== undefined))
    it(`${title} asks for what the programs serve`, () => {
      assert.ok(targets.length > 0);
      assert.deepEqual(
        targets.flatMap(({ expr }) => faultsIn(expr)),
        [],
      );
    });

  it('shows every metric of the product', () => {
    const shown = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)).join('\n');
    const own = [...registry.getMetricsAsArray()].map(({ name }) => name).filter((name) => name.startsWith('sentinel_'));
    assert.deepEqual(
      own.filter((name) => !shown.includes(name)),
      [],
    );
  });
});
