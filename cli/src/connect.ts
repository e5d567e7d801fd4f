import { createClient, createTransport, loadConfig, type Transport, type TransportRequest } from '@sentinel/kube';
import type { GlobalFlags } from './global-flags.ts';
import type { Connected, Terminal } from './session.ts';
import { visible } from './terminal/visible.ts';
import { UsageError } from './usage-error.ts';

/** Requests never give up by themselves with `--request-timeout 0`: the longest time that a timer takes. */
const NEVER_MS = 2 ** 31 - 1;

/** Connects as kubectl does. Throws UsageError when the kubeconfig can't be read or has no such context. */
export function connect(flags: GlobalFlags, io: Pick<Terminal, 'error'>): Connected {
  try {
    const config = loadConfig({ ...flags, asGroups: flags.asGroup });
    const timeoutMs = flags.requestTimeout === 0 ? NEVER_MS : flags.requestTimeout;
    const plain = createTransport(config, { userAgent: 'kubectl-sentinel', timeoutMs });
    const transport = (flags.v ?? 0) >= 6 ? logging(plain, config.server, flags.v ?? 0, io.error) : plain;
    return { client: createClient(transport), namespace: config.namespace, close: () => transport.close() };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(
      'KubeconfigInvalid',
      `the kubeconfig cannot be used: ${why}; check --kubeconfig, --context and $KUBECONFIG`,
    );
  }
}

const BODY_SHOWN = 1024;

/** Prints each request to stderr, as `kubectl -v` does; from level 8 on also the beginning of bodies. Headers, which hold tokens, are never printed. */
export function logging(transport: Transport, server: string, level: number, print: (line: string) => void): Transport {
  const body = (what: string, text: string) => {
    if (level >= 8 && text !== '') print(visible(`${what}: ${text.slice(0, BODY_SHOWN)}${text.length > BODY_SHOWN ? '…' : ''}`));
  };
  const logged = async <T extends { readonly status: number }>(request: TransportRequest, send: () => Promise<T>): Promise<T> => {
    const begun = performance.now();
    const query = new URLSearchParams(
      Object.entries(request.query ?? {}).flatMap(([key, value]) =>
        value === undefined ? [] : [[key, String(value)] as [string, string]],
      ),
    ).toString();
    const line = `${request.method} ${server}${request.path}${query === '' ? '' : `?${query}`}`;
    body('request body', String(request.body ?? ''));
    const took = () => `in ${Math.round(performance.now() - begun)} milliseconds`;
    try {
      const answer = await send();
      print(visible(`${line} ${answer.status} ${took()}`));
      return answer;
    } catch (error) {
      print(visible(`${line} failed ${took()}: ${error instanceof Error ? error.message : String(error)}`));
      throw error;
    }
  };
  return {
    request: async (request) => {
      const answer = await logged(request, () => transport.request(request));
      body('response body', answer.body.toString('utf8'));
      return answer;
    },
    stream: (request) => logged(request, () => transport.stream(request)),
    close: () => transport.close(),
  };
}
