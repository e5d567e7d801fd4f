import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Ask, compareRollback, runRollback } from './rollback.ts';

const answering = (answers: Readonly<Record<string, unknown>>, status = 200): { asked: string[]; ask: Ask } => {
  const asked: string[] = [];
  const ask: Ask = async (method, path) => {
    asked.push(`${method} ${path.replace('/sentinel/v1/undo', '')}`);
    const body = answers[path.replace('/sentinel/v1/undo', '')];
    return body === undefined
      ? { status: 403, body: { message: 'sentinel: no', details: { causes: [{ reason: 'InverseRefused' }] } } }
      : { status, body };
  };
  return { asked, ask };
};

async function ran(of: typeof runRollback, ask: Ask): Promise<[number, string]> {
  let said = '';
  const code = await of(
    {},
    (line) => {
      said += line;
    },
    ask,
  );
  return [code, said];
}

const undone = (outcome: string, left: object[] = []) => ({ object: 'patch web', outcome, left });

describe('The step of a rollback', () => {
  it('asks for each effect in the order of the gateway, and prints its outcome', async () => {
    const { ask, asked } = answering({
      '': { effects: [2, 0] },
      '/effects/2': undone('Undone', [{ path: '/a', why: 'others changed it since' }]),
      '/effects/0': undone('Left', [{ why: 'it is gone' }]),
    });
    const [code, said] = await ran(runRollback, ask);
    assert.equal(code, 0);
    assert.deepEqual(asked, ['GET ', 'POST /effects/2', 'POST /effects/0']);
    assert.match(
      said,
      /^effect 3 \(patch web\): undone\n {2}left as it is: \/a: others changed it since\neffect 1 .*all of it: it is gone\n$/s,
    );
  });

  it('fails if nothing can be undone, and not if nothing has to be', async () => {
    const left = answering({ '': { effects: [0] }, '/effects/0': undone('Left', [{ why: 'gone' }]) });
    assert.deepEqual((await ran(runRollback, left.ask))[0], 1);
    const before = answering({ '': { effects: [0] }, '/effects/0': undone('Unchanged') });
    assert.deepEqual((await ran(runRollback, before.ask))[0], 0);
  });

  it('fails with the words of the gateway when it refuses, without another try', async () => {
    const { ask, asked } = answering({ '': { effects: [0, 1] } });
    assert.deepEqual(await ran(runRollback, ask), [1, 'sentinel: no [InverseRefused]\n']);
    assert.deepEqual(asked, ['GET ', 'POST /effects/0']);
  });

  it('compares, and fails with each difference', async () => {
    assert.equal((await ran(compareRollback, answering({ '/compare': { faults: [] } }).ask))[0], 0);
    const [code, said] = await ran(compareRollback, answering({ '/compare': { faults: ['web: /a is not what it was'] } }).ask);
    assert.deepEqual([code, said], [1, 'web: /a is not what it was\n']);
  });
});
