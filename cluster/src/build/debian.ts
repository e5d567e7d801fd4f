import { access } from 'node:fs/promises';
import { run, say } from '../machine/run.ts';

const busybox = '/bin/busybox';

/** A file that each needed Debian package brings. */
const needed: Readonly<Record<string, string>> = {
  nftables: '/usr/sbin/nft',
  iproute2: '/bin/ip',
  'util-linux': '/usr/bin/nsenter',
  openssl: '/usr/bin/openssl',
  'ca-certificates': '/etc/ssl/certs/ca-certificates.crt',
  'busybox-static': busybox,
  gcc: '/usr/bin/gcc',
  // gcc only recommends it.
  'libc6-dev': '/usr/include/stdlib.h',
  'pkg-config': '/usr/bin/pkg-config',
  'libseccomp-dev': '/usr/include/seccomp.h',
};

/** Installs the Debian packages that are missing, or names them when that is not possible. */
export async function installDebianPackages(): Promise<void> {
  const missing: string[] = [];
  for (const [name, file] of Object.entries(needed)) {
    if (!(await exists(file)) || (file === busybox && !(await isStatic(file)))) missing.push(name);
  }
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !(await exists('/usr/bin/apt-get'))) {
    throw new Error(`missing: ${missing.join(', ')} (Debian package names). Install them, then run this again.`);
  }
  await aptInstall(missing);
}

/** Installs packages. The caller has made sure that it is root on Debian. */
export async function aptInstall(names: readonly string[]): Promise<void> {
  say(`installing Debian packages: ${names.join(' ')}`);
  await run('apt-get', ['update', '-qq']);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], env);
}

/** Debian's other busybox needs libraries that the tools image has not. */
async function isStatic(program: string): Promise<boolean> {
  return run('ldd', [program]).then(
    () => false,
    () => true,
  );
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
