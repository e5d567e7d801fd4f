import type { AnyObject } from '@sentinel/kube';
import { exitCodes } from '../../exit-codes.ts';
import type { Session } from '../../session.ts';
import { formatOf } from '../../terminal/format.ts';
import { raw } from '../../terminal/raw.ts';
import { visible } from '../../terminal/visible.ts';
import { CLIENT_VERSION, isSkewed } from '../../version.ts';
import { readDeployments, readServer } from './read-facts.ts';

/** The version in the label of a Deployment; undefined if it has none. */
export const versionOf = (deployment: AnyObject): string | undefined => deployment.metadata.labels?.['app.kubernetes.io/version'];

/** The versions of Sentinel that the Deployments have, each once. */
export const serverVersions = (deployments: readonly AnyObject[]): string[] => [
  ...new Set(deployments.map(versionOf).filter((version) => version !== undefined)),
];

/** Prints the versions of the plugin, of Sentinel in the cluster, and of Kubernetes; and says if they do not fit together. */
export async function version(session: Session): Promise<number> {
  const { io, flags } = session;
  const format = formatOf(flags.output);
  const [server, deployments] = await Promise.all([readServer(session), readDeployments(session)]);
  const found = 'value' in deployments ? serverVersions(deployments.value ?? []) : [];
  const why = 'unread' in deployments ? deployments.unread : 'Sentinel is not installed';
  const kubernetes = 'value' in server ? server.value?.gitVersion : undefined;
  const skew = found.some((one) => isSkewed(CLIENT_VERSION, one));
  if (format)
    io.out(raw({ kind: 'Version', client: CLIENT_VERSION, server: found, kubernetes: kubernetes ?? null, skew }, format));
  else {
    io.out(`Client Version: ${CLIENT_VERSION}`);
    io.out(`Server Version: ${visible(found.length > 0 ? found.join(', ') : `unknown (${why})`)}`);
    io.out(`Kubernetes:     ${visible(kubernetes ?? ('unread' in server ? `unknown (${server.unread})` : 'unknown'))}`);
  }
  if (skew)
    io.error(
      `warning: client ${CLIENT_VERSION} and server ${visible(found.join(', '))} differ by a minor version or more; use the plugin of the server's release`,
    );
  return exitCodes.done;
}
