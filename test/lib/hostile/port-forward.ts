import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { paths } from '@sentinel/cluster';
import { admin } from '../cluster.ts';

/** A port of this machine that leads into the cluster. */
export interface PortForward {
  readonly port: number;
  close(): void;
}

/** Opens a way to a port of a pod or Service of Sentinel's, `service/sentinel-webhook` for example. */
export async function forwardPort(target: string, port = 443): Promise<PortForward> {
  const forward = spawn(
    join(paths.bin, 'kubectl'),
    ['--kubeconfig', admin.kubeconfig, 'port-forward', '-n', 'sentinel-system', target, `:${port}`],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const close = () => {
    forward.kill();
  };
  try {
    const local = await new Promise<number>((resolve, reject) => {
      forward.stdout.setEncoding('utf8').on('data', (text: string) => {
        const [, found] = /127\.0\.0\.1:(\d+)/.exec(text) ?? [];
        if (found) resolve(Number(found));
      });
      forward.once('exit', () => reject(new Error('kubectl port-forward ended')));
    });
    return { port: local, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Whether the certificate that a pod of a component shows is trusted by somebody who trusts one authority alone. */
export async function isTrusted(pod: string, component: string, ca: string): Promise<boolean> {
  const forward = await forwardPort(`pod/${pod}`, component === 'webhook' ? 9443 : 8443);
  try {
    return await new Promise<boolean>((resolve) => {
      const socket = connect({
        host: '127.0.0.1',
        port: forward.port,
        ca,
        servername: `sentinel-${component}.sentinel-system.svc`,
      });
      const say = (answer: boolean) => {
        socket.destroy();
        resolve(answer);
      };
      socket.once('secureConnect', () => say(true));
      socket.once('error', () => say(false));
      socket.setTimeout(5000, () => say(false));
    });
  } finally {
    forward.close();
  }
}
