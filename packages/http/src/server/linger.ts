import type { Socket } from 'node:net';

/**
 * How long a client may take to read the last answer on a connection, in milliseconds, and how many
 * bytes it may send meanwhile.
 */
const LINGER_MS = 1000;
const LINGER_BYTES = 8 * 1024 * 1024;

/**
 * Ends a connection after what has been written to it. What the client still sends is thrown away
 * for a second: closing at once would reset the connection, and the client would lose the answer
 * (RFC 9112 section 9.6). Then the connection is destroyed.
 */
export function closeLingering(socket: Socket): void {
  if (socket.destroyed) {
    return;
  }

  let left = LINGER_BYTES;

  // Nothing that comes from now on may be taken for a request.
  socket.removeAllListeners('data');

  socket.on('data', (chunk: Buffer) => {
    left -= chunk.byteLength;
    if (left < 0) {
      socket.destroy();
    }
  });

  socket.on('error', () => socket.destroy());

  // A client that has ended its side needs no waiting.
  socket.once('end', () => socket.destroySoon());
  socket.resume();
  socket.end();

  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
}
