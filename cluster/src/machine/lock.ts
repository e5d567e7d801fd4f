import { createServer, type Server } from 'node:net';

/** Runs the function while no other process of this machine holds the lock of that name. */
export async function locked<T>(name: string, action: () => Promise<T>): Promise<T> {
  // An abstract socket rather than a file: the kernel releases it when its process ends, so a lock is never stale.
  const server = await acquire(`\0sentinel-${name}`);
  try {
    return await action();
  } finally {
    server.close();
  }
}

async function acquire(address: string): Promise<Server> {
  for (;;) {
    const server = createServer();
    const taken = await new Promise<boolean>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error)));
      server.listen(address, () => resolve(true));
    });
    if (taken) return server;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}
