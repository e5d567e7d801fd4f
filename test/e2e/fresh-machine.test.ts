import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { paths } from '@sentinel/cluster';
import { run, tryRun } from '../../tools/run.ts';

// A root of Debian 12 that `debootstrap` made, with make and git and nothing else: what a clone meets on a machine that has never seen
// it. Node, npm, curl, a compiler, Python and Go are missing.

const source = join(import.meta.dirname, '..', '..');
const pristine = join(paths.cache, 'debian-bookworm-make-git.tar');
const authorities = '/usr/local/share/ca-certificates';

// A machine behind a proxy of its own trusts more authorities than Debian does, and programs that bring their own list are told so.
const trust = Object.fromEntries(
  ['NODE_EXTRA_CA_CERTS', 'PIP_CERT', 'SSL_CERT_FILE', 'CURL_CA_BUNDLE']
    .filter((name) => process.env[name] !== undefined)
    .map((name) => [name, '/etc/ssl/certs/ca-certificates.crt']),
);

/** Makes the root, or unpacks the one of an earlier run: making it takes minutes. */
async function makeRoot(root: string): Promise<void> {
  if (!existsSync(pristine)) {
    if (!existsSync('/usr/sbin/debootstrap')) {
      await run('apt-get', ['update', '-qq']);
      await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'debootstrap']);
    }
    const made = mkdtempSync(join(tmpdir(), 'debian-'));
    await run('debootstrap', ['--variant=minbase', '--include=make,git', 'bookworm', made]);
    await run('tar', ['-C', made, '-cf', `${pristine}.new`, '.']);
    renameSync(`${pristine}.new`, pristine);
    rmSync(made, { recursive: true });
  }
  await run('tar', ['-C', root, '-xf', pristine]);
  // Temporary folders are their owner's alone; a root is everybody's.
  chmodSync(root, 0o755);
}

/** Puts this checkout there, with what is not committed yet, and without what was built. */
async function putCheckout(target: string): Promise<void> {
  const files = await run('git', ['-C', source, 'ls-files', '-z', '--cached', '--others', '--exclude-standard']);
  for (const file of files.split('\0').filter((name) => name !== '' && existsSync(join(source, name))))
    cpSync(join(source, file), join(target, file));
}

describe('A fresh machine', { concurrency: false }, () => {
  const root = mkdtempSync(join(tmpdir(), 'fresh-machine-'));
  const inRoot = (command: string, user: readonly string[] = []) =>
    tryRun('chroot', [...user, root, '/usr/bin/env', '-i', ...environment, '/bin/bash', '-c', `cd /sentinel && ${command}`]);
  const environment = Object.entries({ ...trust, HOME: '/root', PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }).map(
    ([name, value]) => `${name}=${value}`,
  );

  before(async () => {
    await makeRoot(root);
    await putCheckout(join(root, 'sentinel'));
    copyFileSync('/etc/resolv.conf', join(root, 'etc/resolv.conf'));
    if (existsSync(authorities)) cpSync(authorities, join(root, authorities), { recursive: true });
    for (const name of ['proc', 'dev']) {
      mkdirSync(join(root, name), { recursive: true });
      await run('mount', ['--rbind', '--make-rslave', `/${name}`, join(root, name)]);
    }
  });

  after(async () => {
    for (const name of ['proc', 'dev']) await tryRun('umount', ['--recursive', '--lazy', join(root, name)]);
    // Only what was unmounted is removed: below a mount lie the files of this machine.
    const mounts = await run('cat', ['/proc/self/mounts']);
    assert.ok(!mounts.includes(root), 'the root is still mounted');
    rmSync(root, { recursive: true });
  });

  it('is told in one line what to install where it may not install anything', async () => {
    const { code, stderr } = await inRoot('HOME=/tmp make check', ['--userspec=nobody:nogroup']);
    assert.notEqual(code, 0);
    const lines = stderr.split('\n').filter((line) => line.startsWith('sentinel: '));
    assert.deepEqual(lines, ['sentinel: curl is missing. Install curl and ca-certificates, then run this again.']);
  });

  it('gets all that building needs by the first command', async () => {
    const { code, stdout, stderr } = await inRoot('make setup');
    assert.equal(code, 0, stderr.slice(-4000));
    assert.match(stdout, /^ready to build: Node v24\.\d+\.\d+, go version go1\.\d+/m);
  });

  it('needs nothing of it a second time', async () => {
    const { code, stderr } = await inRoot('make setup');
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /installing/);
  });
});
