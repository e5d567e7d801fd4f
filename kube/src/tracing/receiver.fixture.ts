import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

/** A span as an endpoint of OTLP/HTTP receives it. */
export interface ReceivedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly attributes: Readonly<Record<string, string>>;
  readonly status: number;
}

interface Exported {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly {
      readonly spans: readonly (Omit<ReceivedSpan, 'attributes' | 'status'> & {
        readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
        readonly status: { readonly code?: number };
      })[];
    }[];
  }[];
}

/** How a receiver answers. */
export type Behaviour = 'takes' | 'refuses' | 'hangs';

/** An endpoint of OTLP/HTTP in this process. */
export async function startReceiver(behaviour: Behaviour = 'takes') {
  const spans: ReceivedSpan[] = [];
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    if (behaviour === 'refuses') return void response.writeHead(500).end();
    if (behaviour === 'takes')
      void note(request, spans).then(() => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    requests: () => requests,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function note(request: IncomingMessage, spans: ReceivedSpan[]): Promise<void> {
  const body = (await json(request)) as Exported;
  for (const { scopeSpans } of body.resourceSpans)
    for (const span of scopeSpans.flatMap((scope) => scope.spans))
      spans.push({
        ...span,
        attributes: Object.fromEntries(span.attributes.map(({ key, value }) => [key, String(Object.values(value)[0])])),
        status: span.status.code ?? 0,
      });
}
