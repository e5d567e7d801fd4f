import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applyChanges, changeDigest, changesBetween } from '../effect/change.ts';
import { describeEffect } from '../effect/describe.ts';
import { relativeTo } from '../effect/overlay.ts';
import { withPutBack } from '../effect/put-back.ts';
import { request } from '../effect/request.fixture.ts';
import { parseText } from './parse-text.ts';

// One thread serves all tenants, so what it does with a body grows as the body does. Eight times the input takes about eight times the
// time, and 64 times it where something compares all with all; between the two is room for a busy machine.

const SMALL = 1_500;
const FACTOR = 8;
const MOST = 24;
const range = (count: number) => Array.from({ length: count }, (_, index) => index);

function secondsOf(work: () => void): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return user + system;
}

// Of many tries the quickest counts: what else the machine does only adds to it. The tries end when one is quick enough.
function quickest(work: () => void, enough = 0): number {
  let best = Number.POSITIVE_INFINITY;
  const end = performance.now() + 60;
  for (let tries = 0; best > enough && (tries < 2 || (tries < 20 && performance.now() < end)); tries++)
    best = Math.min(best, secondsOf(work));
  return best;
}

function growsEvenly<T>(prepare: (count: number) => T, work: (input: T) => void): void {
  const [small, large] = [prepare(SMALL), prepare(SMALL * FACTOR)];
  for (const input of [small, large, small]) work(input);
  // Once more where the machine was busy: what is quadratic stays so.
  const ratios: number[] = [];
  do {
    const least = quickest(() => work(small));
    ratios.push(quickest(() => work(large), least * MOST * 0.9) / least);
  } while (Math.min(...ratios) >= MOST && ratios.length < 3);
  assert.ok(Math.min(...ratios) < MOST, `${FACTOR} times the input took ${ratios.map((one) => one.toFixed(1))} times the time`);
}

const lines = (line: (at: number) => string) => (count: number) => range(count).map(line).join('\n');

describe('The time that a body takes to read grows with its length', () => {
  const texts: Record<string, (count: number) => string> = {
    'as a map': lines((at) => `k${at}: v`),
    'as a map in braces': (count) => `{${range(count).map((at) => `k${at}: v`)}}`,
    'as a list': lines((at) => `- x${at}`),
    'as a list of maps': lines((at) => `- name: x${at}\n  value: y`),
    'with anchors': lines((at) => `k${at}: &a${at} v`),
    'in one text of many lines': (count) => `a: |\n${'  line of text\n'.repeat(count * 10)}`,
    'in one plain text of many lines': (count) => `a: x\n${'  line of text\n'.repeat(count * 10)}`,
    'in one quoted text': (count) => `a: "${'x\\n'.repeat(count * 30)}"`,
    'with comments': (count) => `${'# c\n'.repeat(count * 20)}a: 1`,
  };
  for (const [name, make] of Object.entries(texts))
    it(name, () =>
      growsEvenly(make, (text) => {
        parseText(text, true);
      }),
    );
});

describe('The time that a write takes to compare grows with its size', () => {
  const data = (count: number, value: string) => ({ data: Object.fromEntries(range(count).map((at) => [`key-${at}`, value])) });
  const containers = (count: number, image: string) => ({
    spec: { containers: range(count).map((at) => ({ name: `c${at}`, image })) },
  });
  const body = (value: unknown) => Buffer.from(JSON.stringify(value));

  it('when all keys of a map change', () =>
    growsEvenly(
      (count) => [data(count, 'a'), data(count, 'b')],
      ([before, after]) => {
        const changes = changesBetween(before, after);
        changeDigest(changes);
        applyChanges(before, changes);
        describeEffect(request(), { name: 'web', uid: 'u', changes, live: before, result: after });
      },
    ));

  it('when all entries of a list change', () =>
    growsEvenly(
      (count) => [containers(count, 'a'), containers(count, 'b')],
      ([before, after]) => {
        changeDigest(changesBetween(before, after));
      },
    ));

  const puts: Record<string, (count: number) => { type: string; live: object; rehearsed: object; sent: unknown }> = {
    'a merge patch puts back all keys': (count) => ({
      type: 'application/merge-patch+json',
      live: data(count, 'a'),
      rehearsed: data(count, 'b'),
      sent: data(count, 'a'),
    }),
    'a JSON patch puts back all keys': (count) => ({
      type: 'application/json-patch+json',
      live: data(count, 'a'),
      rehearsed: data(count, 'b'),
      sent: range(count).map((at) => ({ op: 'replace', path: `/data/key-${at}`, value: 'a' })),
    }),
    'a JSON patch names one map again and again': (count) => ({
      type: 'application/json-patch+json',
      live: data(count, 'a'),
      rehearsed: data(count, 'b'),
      sent: range(count).map(() => ({ op: 'replace', path: '/data', value: {} })),
    }),
    'a strategic merge puts back all entries of a list': (count) => ({
      type: 'application/strategic-merge-patch+json',
      live: containers(count, 'a'),
      rehearsed: containers(count, 'b'),
      sent: containers(count, 'a'),
    }),
  };
  for (const [name, prepare] of Object.entries(puts))
    it(`when ${name}`, () =>
      growsEvenly(
        (count) => {
          const { type, live, rehearsed, sent } = prepare(count);
          return { live, rehearsed, asked: request({ verb: 'patch' }, { contentType: type, body: body(sent) }) };
        },
        ({ live, rehearsed, asked }) => {
          // One change that the dry-run shows as well, so that it is asked for each key whether it is covered.
          const shown = relativeTo(rehearsed, changesBetween(live, applyChanges(live, [{ path: '/other', after: 'x' }])), true);
          withPutBack(asked, rehearsed, live, shown);
        },
      ));
});
