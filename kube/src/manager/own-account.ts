import { readFileSync } from 'node:fs';
import { createInformer } from '../cache/informer.ts';
import type { InformerOptions } from '../cache/informer-options.ts';
import type { KubeClient } from '../client/client.ts';
import { serviceaccounts } from '../client/resources.ts';
import { type Logger, silentLogger } from '../logger.ts';
import type { KubeObject } from '../types.ts';
import type { Manager } from './manager.ts';
import type { Runnable } from './runnable.ts';

/** The ServiceAccount as which a program runs. */
export interface OwnAccount {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

const TOKEN_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/**
 * The ServiceAccount of this pod, from the claims of its token (`kubernetes.io`: bound service account tokens). Undefined outside a cluster,
 * which has no such file. The token is not verified: it is the program's own.
 *
 * @throws if the file holds something else than such a token.
 */
export function readOwnAccount(path = TOKEN_FILE): OwnAccount | undefined {
  let token: string;
  try {
    token = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
    'kubernetes.io'?: { namespace?: unknown; serviceaccount?: { name?: unknown; uid?: unknown } };
  };
  const { namespace, serviceaccount } = claims['kubernetes.io'] ?? {};
  const account = { namespace, name: serviceaccount?.name, uid: serviceaccount?.uid };
  if (!Object.values(account).every((value) => typeof value === 'string' && value !== ''))
    throw new Error(`${path} is not the token of a ServiceAccount`);
  return account as OwnAccount;
}

/**
 * Fails as soon as the program's ServiceAccount is deleted, also when another one has its name by then, so that the manager stops the
 * program. The API server accepts the token for some seconds more and refuses it afterwards. A Service of the next installation finds the
 * pod by its labels, and would send requests to a replica that can check nothing.
 */
export function watchOwnAccount(
  client: KubeClient,
  own: OwnAccount,
  options: Pick<InformerOptions<KubeObject>, 'retry'> & { readonly logger?: Logger } = {},
): Runnable {
  const { namespace, name, uid } = own;
  return {
    name: 'watch of the own ServiceAccount',
    async start(signal) {
      const { logger = silentLogger, retry } = options;
      const fieldSelector = `metadata.name=${name}`;
      const informer = createInformer({ client, resource: serviceaccounts, namespace, fieldSelector, logger, retry });
      const isGone = () => informer.store.get(`${namespace}/${name}`)?.metadata.uid !== uid;
      const end = new AbortController();
      const gone = new Promise<never>((_, reject) => {
        const check = () => {
          if (isGone()) reject(new Error(`the ServiceAccount ${namespace}/${name} of this pod was deleted`));
        };
        informer.onChange(check);
        void informer.synced.then(check);
      });
      try {
        await Promise.race([informer.start(AbortSignal.any([signal, end.signal])), gone]);
      } finally {
        end.abort();
      }
    },
  };
}

/** Has a manager stop its program when the ServiceAccount of its pod is deleted. Outside a cluster there is none to watch. */
export function stopWithOwnAccount(manager: Manager, client: KubeClient, logger: Logger): void {
  const account = readOwnAccount();
  if (account) manager.addRunnable(watchOwnAccount(client, account, { logger }));
}
