import { once } from 'node:events';
import { connect } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { paths } from '@sentinel/cluster';
import { run } from '../../tools/run.ts';

// The container runtime, asked as the kubelet asks it: by its gRPC service (cri-api, runtime/v1/api.proto).

/** Has the runtime forget a container that has ended, so that a kubelet that starts finds no trace of it there. */
export async function removeContainer(id: string): Promise<void> {
  // RemoveContainerRequest has one field: 1, container_id.
  const message = Buffer.concat([Buffer.from([0x0a, id.length]), Buffer.from(id)]);
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(message.length, 1);
  const session = connect('http://localhost', { createConnection: () => connectSocket(paths.containerdSocket) });
  try {
    const stream = session.request({
      ':method': 'POST',
      ':path': '/runtime.v1.RuntimeService/RemoveContainer',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const ended: Record<string, unknown> = {};
    // An error comes in headers alone, without trailers.
    for (const event of ['response', 'trailers']) stream.on(event, (headers) => Object.assign(ended, headers));
    stream.resume().end(Buffer.concat([frame, message]));
    await once(stream, 'end');
    if (ended['grpc-status'] !== '0') throw new Error(`RemoveContainer: ${ended['grpc-status']} ${ended['grpc-message']}`);
  } finally {
    session.close();
  }
}

/** Whether the main process of a container has ended. */
export async function hasEnded(id: string): Promise<boolean> {
  const tasks = await run(paths.ctr, ['--address', paths.containerdSocket, '--namespace', 'k8s.io', 'tasks', 'list']);
  const line = tasks.split('\n').find((one) => one.startsWith(id));
  return line === undefined || line.includes('STOPPED');
}
