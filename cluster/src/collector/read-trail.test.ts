import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { trailOf } from './read-trail.ts';

const span = (name: string, id: string, parent: string, [from, to]: readonly [string, string], trace = 't1') => `Span #0
    Trace ID       : ${trace}
    Parent ID      : ${parent}
    ID             : ${id}
    Name           : ${name}
    Kind           : Internal
    Start time     : 2026-01-02 10:00:${from} +0000 UTC
    End time       : 2026-01-02 10:00:${to} +0000 UTC
    Status code    : Unset
`;
const record = (body: string, action: string, trace = 't1', namespace = 'shop') => `LogRecord #1
ObservedTimestamp: 2026-01-02 10:00:01 +0000 UTC
Timestamp: 2026-01-02 10:00:00.5 +0000 UTC
Body: Str(${body})
Attributes:
     -> sentinel.action: Str(${action})
     -> k8s.namespace.name: Str(${namespace})
Trace ID: ${trace}
Span ID: s1
Flags: 0
	{}
`;

describe('the part of an action in the log of a Collector', () => {
  it('is its records, and the spans of its trace below each other, by their start', () => {
    const text = [
      'ResourceLog #0\n',
      record('rita asked', 'fix'),
      record('somebody asked', 'other', 't2'),
      record('elsewhere', 'fix', 't3', 'bank'),
      'ResourceSpans #0\n',
      span('run', 's3', 's1', ['05', '06.5']),
      span('action', 's1', '', ['00', '09']),
      span('rehearsal', 's2', 's1', ['01', '03.25']),
      span('gate', 's4', 's2', ['01', '02']),
      span('of another', 's9', '', ['01', '02'], 't2'),
    ].join('');
    assert.deepEqual(trailOf(text, 'shop', 'fix'), {
      records: ['10:00:00  rita asked'],
      spans: ['action  9.0 s', '  rehearsal  2.3 s', '    gate  1.0 s', '  run  1.5 s'],
    });
  });

  it('is empty while nothing has arrived', () => {
    assert.deepEqual(trailOf('', 'shop', 'fix'), { records: [], spans: [] });
  });
});
