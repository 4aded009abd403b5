import { randomUUID } from 'node:crypto';
import { linkSync, openSync, unlinkSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { platform } from 'node:os';
import { join } from 'node:path';

/** A held data directory. */
export interface DirectoryLock {
  release(): Promise<void>;
}

const NAME = 'lock.sock';

/** Makes paths to a directory's files that fit into the 108 bytes of a socket's address. */
function shortPath(directory: string): (name: string) => string {
  if (platform() !== 'linux' || Buffer.byteLength(directory) < 40) {
    return (name) => join(directory, name);
  }

  const fd = openSync(directory, 'r');
  return (name) => `/proc/self/fd/${fd}/${name}`;
}

/** The token of the process that listens at a socket; undefined when none does. */
function holder(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    let token = '';

    socket.setEncoding('utf8').setTimeout(2000, () => socket.destroy());
    socket.on('data', (text) => {
      token += text;
    });
    socket.on('error', () => resolve(undefined));
    socket.on('close', () => resolve(token === '' ? undefined : token));
  });
}

function listenAt(server: Server, path: string): Promise<AddressInfo | string | null> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => resolve(server.address()));
  });
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw error;
    }
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      return false;
    }
    throw error;
  }
}

/**
 * Locks a directory for this process by listening on a socket in it. The kernel releases it when
 * the process ends in any way, and it works between containers that share the directory. Throws an
 * Error when another process has the lock.
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const path = shortPath(directory);
  const token = randomUUID();

  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.end(token);
  });

  const own = path(`${token.slice(0, 8)}.sock`);
  await listenAt(server, own);
  server.unref();

  const release = () => new Promise<void>((resolve) => server.close(() => resolve()));

  try {
    for (let attempt = 0; attempt < 3; attempt++) {
      if (tryLink(own, path(NAME)) && (await holder(path(NAME))) === token) {
        remove(own);

        return {
          release: async () => {
            remove(path(NAME));
            await release();
          },
        };
      }

      const other = await holder(path(NAME));
      if (other !== undefined && other !== token) {
        break;
      }

      remove(path(NAME));
    }
  } catch (error) {
    await release();
    throw error;
  }

  await release();

  throw new Error(`the data directory ${directory} is in use by another process`);
}
