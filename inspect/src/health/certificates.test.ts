import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { certificateFindings, certificatesIn } from './certificates.ts';
import { numberOf, shareOf } from './quantity.ts';

const folder = mkdtempSync(join(tmpdir(), 'sentinel-certificate-'));
const keyFile = join(folder, 'key');
const pem = execFileSync(
  'openssl',
  [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    keyFile,
    '-days',
    '20',
    '-subj',
    '/CN=web',
  ],
  { stdio: ['ignore', 'pipe', 'ignore'] },
).toString();
const key = readFileSync(keyFile, 'utf8');
const object = { kind: 'ConfigMap', namespace: 'shop', name: 'tls' };
const DAY = 86_400_000;
const after = (days: number) => certificateFindings([{ object, key: 'ca.crt', pem }], Date.now() + days * DAY);

describe('The certificates in a text', () => {
  it('are kept without the private key beside them', () => {
    const found = certificatesIn(`${key}\n${pem}\n${pem}`);
    assert.equal(found.length, 2);
    for (const one of found) assert.doesNotMatch(one, /PRIVATE/);
  });
  it('are found in a text of megabytes without an end', () => {
    const begun = performance.now();
    assert.deepEqual(certificatesIn('-----BEGIN CERTIFICATE-----'.repeat(40_000)), []);
    assert.ok(performance.now() - begun < 5_000);
  });
});

describe('A certificate', () => {
  const rows: [number, string[]][] = [
    [-30, []],
    [0, ['Info certificate-expires']],
    [10, ['Warning certificate-expires']],
    [25, ['Critical certificate-expired']],
  ];
  for (const [days, expected] of rows)
    it(`of 20 days is ${expected.join() || 'well'} after ${days} days`, () => {
      assert.deepEqual(
        after(days).map(({ severity, check }) => `${severity} ${check}`),
        expected,
      );
    });
  it('is named by its subject', () => assert.match(after(25)[0]?.evidence[0]?.text ?? '', /^ca\.crt: CN=web$/));
  it('that cannot be read is reported, and is not a good one', () => {
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----';
    assert.equal(certificateFindings([{ object, key: 'x', pem: broken }], 0)[0]?.check, 'certificate-unreadable');
    assert.equal(certificateFindings([{ object, key: 'x', notAfter: 'soon' }], 0)[0]?.check, 'certificate-unreadable');
  });
});

describe('A quantity', () => {
  for (const [text, number] of [
    ['1', 1],
    ['250m', 0.25],
    ['1.5Gi', 1.5 * 2 ** 30],
    ['2E', 2e18],
    ['1e3', 1000],
    ['.5', 0.5],
    ['', undefined],
    ['x', undefined],
    ['1constructor', undefined],
    ['-1', undefined],
  ] as const)
    it(`'${text}' is ${number}`, () => assert.equal(numberOf(text), number));
  it('of a quota that is unreadable has no share', () => assert.equal(shareOf('1', 'x'), undefined));
});
