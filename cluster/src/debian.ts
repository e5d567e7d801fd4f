import { access } from 'node:fs/promises';
import { run, say } from './run.ts';

/** A file that each needed Debian package brings. */
const needed: Readonly<Record<string, string>> = {
  nftables: '/usr/sbin/nft',
  iproute2: '/bin/ip',
  'util-linux': '/usr/bin/nsenter',
  openssl: '/usr/bin/openssl',
  'ca-certificates': '/etc/ssl/certs/ca-certificates.crt',
  'busybox-static': '/bin/busybox',
  gcc: '/usr/bin/gcc',
  'pkg-config': '/usr/bin/pkg-config',
  'libseccomp-dev': '/usr/include/seccomp.h',
};

/** Installs the Debian packages that are missing, or names them when that is not possible. */
export async function installDebianPackages(): Promise<void> {
  const missing: string[] = [];
  for (const [name, file] of Object.entries(needed)) {
    if (!(await exists(file))) missing.push(name);
  }
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !(await exists('/usr/bin/apt-get'))) {
    throw new Error(`missing: ${missing.join(', ')} (Debian package names). Install them, then run this again.`);
  }
  say(`installing Debian packages: ${missing.join(' ')}`);
  await run('apt-get', ['update', '-qq']);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], env);
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
