import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it, type TestContext } from 'node:test';
import { endWhenRefused, LOOK_MS } from './open-read.ts';

const opened = ({ mock }: TestContext) => {
  mock.timers.enable({ apis: ['setInterval'] });
  const body = new PassThrough();
  const errors: Error[] = [];
  body.on('error', (error) => errors.push(error));
  const closed = new Promise((resolve) => body.once('close', resolve));
  return { body, errors, closed, look: () => mock.timers.tick(LOOK_MS) };
};

describe('A read that stays open', () => {
  it('goes on while policy allows it', (t) => {
    const { body, look } = opened(t);
    endWhenRefused(body, () => undefined);
    look();
    assert.equal(body.destroyed, false);
    body.write('still there');
    assert.equal(String(body.read()), 'still there');
  });

  it('ends when policy refuses it, and says why', async (t) => {
    const { body, errors, closed, look } = opened(t);
    let why: string | undefined;
    endWhenRefused(body, () => why);
    look();
    assert.equal(body.destroyed, false);
    why = 'watch configmaps is denied';
    look();
    await closed;
    assert.deepEqual(
      errors.map(({ message }) => message),
      ['watch configmaps is denied'],
    );
  });

  it('ends when policy cannot be asked', async (t) => {
    const { body, errors, closed, look } = opened(t);
    endWhenRefused(body, () => {
      throw new Error('the namespace is not known');
    });
    look();
    await closed;
    assert.match(String(errors[0]), /the namespace is not known/);
  });

  it('is not looked at any more when it has ended', async (t) => {
    const { body, closed, look } = opened(t);
    let looks = 0;
    endWhenRefused(body, () => {
      looks += 1;
      return undefined;
    });
    look();
    body.destroy();
    await closed;
    look();
    assert.equal(looks, 1);
  });
});
