import manifest from '../package.json' with { type: 'json' };

/** The version of this plugin. */
export const CLIENT_VERSION: string = manifest.version;

/** Whether two versions differ in more than the patch. Before 1.0 a minor version may change everything. */
export function isSkewed(client: string, server: string): boolean {
  const minor = (version: string) => version.replace(/^v/, '').split('.').slice(0, 2).join('.');
  return minor(client) !== minor(server);
}

/** Prints the version of the plugin, without asking a cluster. */
export const clientVersion = (output: string | undefined): string =>
  output === 'json' ? JSON.stringify({ kind: 'Version', client: CLIENT_VERSION }, null, 2) : `Client Version: ${CLIENT_VERSION}`;
