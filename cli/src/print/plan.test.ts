import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestOf, type Effect } from '@sentinel/crds';
import { anAction, aPlan } from '../../test/fixtures.ts';
import { assertGolden } from '../../test/golden.ts';
import { painter } from '../terminal/paint.ts';
import { isHostile } from '../terminal/visible.ts';
import { alikePlan, bare, effectOf, largePlan, plan, review, reviewOf, textOf } from './plan.fixture.ts';
import { renderForDecision, renderPlan } from './plan.ts';

describe('a plan', () => {
  it('is shown in full', () => assertGolden('plan', textOf(review, bare)));
  it('is shown in short before a decision', () => assertGolden('plan-short', renderForDecision(review, bare).text));

  it('says when there is nothing to decide', () => {
    const text = textOf({ ...review, action: anAction(plan, 'DryRunCompleted') }, bare);
    assert.match(text, /nothing to decide: the action is DryRunCompleted/);
    assert.doesNotMatch(text, /sentinel approve/);
  });

  it('says when the stamp is not who the plan was made for', () => {
    const action = anAction(plan);
    const text = textOf({ ...review, action: { ...action, metadata: { ...action.metadata, annotations: {} } } }, bare);
    assert.match(text, /but stamped is nobody/);
  });

  it('says when the action was edited after the rehearsal', () => {
    const action = anAction(plan);
    const text = textOf({ ...review, action: { ...action, metadata: { ...action.metadata, generation: 2 } } }, bare);
    assert.match(text, /was edited after this rehearsal/);
  });

  it('lets nothing through that could harm a terminal, whatever field it stands in', () => {
    const evil = <T>(value: T): T => {
      if (typeof value === 'string') return (/^(sha256:|20\d\d-)/.test(value) ? value : `${value}\u001b[2J\u202e\nPLAN\r`) as T;
      if (Array.isArray(value)) return value.map(evil) as T;
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, key === 'state' ? one : evil(one)])) as T;
    };
    const text = textOf({ ...review, plan: evil(plan), action: evil(review.action), digest: review.digest }, bare);
    for (const line of text.split('\n')) assert.equal(isHostile(line), false, line);
    assert.equal(text.split('\n').filter((line) => line.startsWith('PLAN')).length, 1);
  });

  it('paints with colours only when asked to', () => {
    assert.match(textOf(review, { ...bare, paint: painter(true) }), /\u001b\[32m/);
    assert.doesNotMatch(textOf(review, bare), /\u001b/);
  });

  it('names everything that it leaves out, and how to see it; with --full nothing is left out', () => {
    const text = `@@ -1 +1 @@\n${Array.from({ length: 50 }, (_, at) => `+line ${at}`).join('\n')}`;
    const [first] = plan.spec.effects;
    assert.ok(first);
    const long = (index: number, name: string): Effect => ({
      ...first,
      index,
      name,
      kind: 'ConfigMap',
      apiGroup: '',
      resource: 'configmaps',
      change: [{ path: '/data/x', lines: text.replaceAll('line', name), format: 'Text' }],
    });
    const one = reviewOf(
      aPlan({
        effects: [{ ...long(0, 'alone'), namespace: 'ops' }, long(1, 'a'), long(2, 'b'), long(3, 'c')],
        steps: [{ name: 'set', command: ['sh', '-c', Array.from({ length: 60 }, () => 'true').join('\n')] }],
      }),
    );
    const long_ = { ...one, action: { ...one.action, spec: { ...one.action.spec } } };
    long_.action.spec.intent = { ...long_.action.spec.intent, prompt: 'p'.repeat(900) };
    for (const render of [renderPlan, renderForDecision]) {
      const { text: shown, folded } = render(long_, bare);
      assert.deepEqual(folded, [
        'prompt: 100 of 900 characters',
        '1. ConfigMap ops/alone /data/x: 11 of 51 rows',
        '2. a data.x: 50 changed rows',
        '3. b data.x: 50 changed rows',
        '4. c data.x: 50 changed rows',
        'step set, its script: 20 of 60 lines',
      ]);
      assert.match(shown, /NOT SHOWN {2}parts of the plan are left out here; see all of it with --full\n {2}prompt: 100 of 900/);
      const whole = render(long_, { ...bare, full: true });
      assert.deepEqual(whole.folded, []);
      assert.doesNotMatch(whole.text, /NOT SHOWN|--full/);
    }
  });

  it('of 20 alike objects takes at most 60 lines, and shows what differs of each', () => {
    const text = textOf(reviewOf(alikePlan(20)), bare);
    assert.ok(text.split('\n').length <= 60, text);
    assertGolden('plan-alike', text);
    for (let index = 1; index <= 20; index++) assert.match(text, new RegExp(`settings-${index}: "value-${index}"`));
  });

  it('of 200 objects begins with numbers, then has a line for each, and all of what is lost', () => {
    const { text, folded } = renderPlan(reviewOf(largePlan(200)), bare);
    assertGolden('plan-200', text);
    assert.ok(text.split('\n').length < 330, String(text.split('\n').length));
    for (let index = 0; index < 200; index++) assert.match(text, new RegExp(`object-${index}\\b`));
    assert.ok(
      folded.some((what) => /^2\. ConfigMap shop\/object-1: 1 of 3 fields$/.test(what)),
      folded.join('\n'),
    );
    const full = renderPlan(reviewOf(largePlan(200)), { ...bare, full: true });
    assert.deepEqual(full.folded, []);
    assert.equal(
      full.text.match(/\/spec\/field\d/g)?.length,
      largePlan(200).spec.effects.flatMap(({ change = [] }) => change).length,
    );
  });

  it('of a ConfigMap of 300 lines says how much changes, and shows the beginning', () => {
    const lines = `@@ -1 +1 @@\n${Array.from({ length: 300 }, (_, at) => `-key${at}: old\n+key${at}: new`).join('\n')}`;
    const one = effectOf({ change: [{ path: '/data/app.conf', lines, format: 'Text' }] });
    const review = reviewOf(aPlan({ effects: [one] }));
    assertGolden('plan-300-lines', textOf(review, bare));
    const full = renderPlan(review, { ...bare, full: true });
    assert.deepEqual([full.folded, full.text.match(/^ {8}[-+] key\d+: /gm)?.length], [[], 600]);
  });

  it('tells what differs between alike objects whose maps are small enough to be recorded as one value', () => {
    const effects = [1, 2, 3].map((index) =>
      effectOf({
        index,
        verb: 'create',
        name: `settings-${index}`,
        change: [
          { path: '/data', after: `{"index":"${index}","mode":"fast"}` },
          { path: '/metadata', after: `{"name":"settings-${index}","namespace":"shop"}` },
        ],
      }),
    );
    const text = textOf(reviewOf(aPlan({ effects })), bare);
    assert.match(
      text,
      /3 ConfigMaps in shop, alike except for name and data\.index\n {4}2-4\. create\n {6}\/data\/mode: \+ "fast"\n/,
    );
    assert.match(text, /settings-1: "1" {3}settings-2: "2" {3}settings-3: "3"/);
  });

  it('says first that it is denied and why, and not what it needs', () => {
    const action = anAction(plan, 'Denied');
    const why = 'AgentPolicy/shop limits.objects: the plan changes 5 objects; at most 2 are allowed.';
    const denied = { ...action, status: { ...action.status, conditions: [{ ...action.status?.conditions?.[0], message: why }] } };
    const text = textOf({ ...review, action: denied as typeof action }, bare);
    assert.deepEqual(text.split('\n').slice(0, 2), ['shop/repair-web  Denied', `  ${why}`]);
    assert.doesNotMatch(text, /^APPROVALS|required from/m);
  });

  it('shows the lines that change of a long text, 40 of them without --full', () => {
    const rows = [
      '@@ -287 +287 @@',
      ' line 287',
      '-line 290',
      '+line 290 \u202eevil',
      ...Array.from({ length: 60 }, (_, at) => `+new ${at}`),
    ];
    const one = effectOf({ change: [{ path: '/data/conf', lines: rows.join('\n'), format: 'Text' }] });
    const short = textOf(reviewOf(aPlan({ effects: [one] })), bare);
    assert.match(short, /line 287:\n +line 287\n +- line 290\n +\+ line 290 \\u202eevil\n/);
    assert.match(short, /… 24 more rows; see all with --full/);
    assert.doesNotMatch(short, /new 59/);
    assert.match(textOf(reviewOf(aPlan({ effects: [one] })), { ...bare, full: true }), /\+ new 59\n/);
  });

  it('shows where a line goes on in pieces, and a text cannot pretend that it goes on', () => {
    const lines = [
      '@@ -1 +1 @@',
      ' {"a":1,',
      '\\ the line goes on',
      '-"b":2,',
      '\\ the line goes on',
      '+"b":3,',
      '\\ the line goes on',
      ' "c":4}',
    ].join('\n');
    const text = textOf(reviewOf(aPlan({ effects: [effectOf({ change: [{ path: '/data/x', lines, format: 'Text' }] })] })), bare);
    assert.match(text, / {10}\{"a":1,\n {8}-…"b":2,\n {8}\+…"b":3,\n {9}…"c":4\}\n/);
  });

  it('marks at the field what is cut', () => {
    const cut = effectOf({ change: [{ path: '/data/x', after: '"aaa…', cut: true }], hiddenChanges: 1 });
    assert.match(textOf(reviewOf(aPlan({ effects: [cut] })), bare), /\/data\/x\n.*"aaa…\n +! CUT: this field is too large/);
  });

  it('is not buried by what the agent says, however long that is', () => {
    const one = reviewOf(aPlan({}));
    const flood = 'x\n'.repeat(5000);
    const { action } = one;
    const intent = { ...action.spec.intent, prompt: flood, reason: flood, goal: flood, role: flood };
    const buried = { ...one, action: { ...action, spec: { ...action.spec, intent } } };
    for (const full of [false, true]) {
      const lines = textOf(buried, { ...bare, full }).split('\n');
      const does = lines.findIndex((line) => line.startsWith('DOES'));
      assert.ok(does > 0 && does < 70, String(does));
      assert.equal(lines.filter((line) => line === '  | x').length > 20_000 - 4, full);
    }
  });

  it('hides no difference between alike objects that it does not name', () => {
    const long = (index: number) => `@@ -1 +1 @@\n-old\n+new ${index}\n+more`;
    const effects = [1, 2, 3].map((index) =>
      effectOf({
        index,
        name: `settings-${index}`,
        change: [
          { path: '/data/a', after: '"same"' },
          { path: '/data/conf', lines: long(index), format: 'Text' },
        ],
      }),
    );
    const short = textOf(reviewOf(aPlan({ effects })), bare);
    assert.match(short, /3 ConfigMaps in shop, alike except for name and data\.conf/);
    for (const index of [1, 2, 3]) assert.match(short, new RegExp(`settings-${index}: data.conf 3 changed rows`));
    assert.match(short, /see what changes in each of them with --full/);
    const full = textOf(reviewOf(aPlan({ effects })), { ...bare, full: true });
    for (const index of [1, 2, 3])
      assert.match(full, new RegExp(`settings-${index}\n +/data/conf\n +line 1:\n +- old\n +\\+ new ${index}\n`));
    const other = effectOf({ index: 4, name: 'settings-4', reversible: false, change: effects[0]?.change ?? [] });
    assert.match(
      textOf(reviewOf(aPlan({ effects: [...effects, other] })), bare),
      /ConfigMap shop\/settings-4\n.*\n(.*\n)*.*cannot be restored/,
    );
  });

  it('takes objects for alike only by their digests where a value is hidden', () => {
    const hidden = (sameDigest: boolean) =>
      [1, 2, 3].map((index) =>
        effectOf({
          index,
          name: `settings-${index}`,
          changeDigest: digestOf(sameDigest ? 'same' : index),
          change: [{ path: '/data/a', after: '"<redacted>"', redacted: true }],
        }),
      );
    const text = (sameDigest: boolean) => textOf(reviewOf(aPlan({ effects: hidden(sameDigest) })), bare);
    assert.match(text(true), /3 ConfigMaps in shop, alike/);
    assert.doesNotMatch(text(false), /alike/);
  });

  it('shows scripts as text', () => {
    const script = 'set -e\nkubectl get pods\n\u001b[2Kkubectl delete pod web';
    const steps = [
      { name: 'one', command: ['sh', '-ec', script, 'x', 'a b'] },
      { name: 'two', command: ['/bin/bash', '-c', 'kubectl get pods | wc -l'] },
      { name: 'three', command: ['kubectl', 'get', 'pods', '-c', 'x y'] },
    ];
    const text = textOf(reviewOf(aPlan({ steps })), bare);
    assert.match(
      text,
      / {2}one: sh -ec <script> x "a b"\n {4}\| set -e\n {4}\| kubectl get pods\n {4}\| \\u001b\[2Kkubectl delete pod web\n/,
    );
    assert.match(text, / {2}two: \/bin\/bash -c <script>\n {4}\| kubectl get pods \| wc -l\n/);
    assert.match(text, / {2}three: kubectl get pods -c "x y"\n/);
  });
});
