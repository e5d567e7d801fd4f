import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { paths } from './paths.ts';
import { commandOf } from './spawn-program.ts';

const kwok = { program: 'kwok', args: ['--config=/c'] };
const inNetwork = ['nsenter', '--net=/run/netns/sentinel', `${paths.bin}/kwok`, '--config=/c'];

describe('A program beside the cluster', () => {
  it('is in the network of the cluster', () => {
    assert.deepEqual(commandOf({ ...kwok, lifetime: 'cluster' }), inNetwork);
  });

  it('ends with its caller where that is asked for', () => {
    assert.deepEqual(commandOf({ ...kwok, lifetime: 'caller' }), ['setpriv', '--pdeathsig', 'KILL', ...inNetwork]);
  });
});
