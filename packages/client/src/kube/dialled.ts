import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect } from 'node:tls';
import type { buildConnector } from 'undici';
import type { Dial } from './agent-tunnel.ts';

/** How long a handshake of TLS may take, in milliseconds. */
const HANDSHAKE_MS = 10_000;

/** Returns the address of an origin as `host:port`. */
export function addressOf({ protocol, hostname, port }: URL): string {
  return `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`;
}

function secured(stream: Duplex, origin: URL, options: ConnectionOptions): Promise<Duplex> {
  const host = origin.hostname.replace(/^\[|\]$/g, '');

  return new Promise((resolve, reject) => {
    const socket = connect({
      // Without a name the certificate is compared with the address.
      ...(isIP(host) === 0 && { servername: host }),
      ALPNProtocols: ['http/1.1'],
      ...options,
      host,
      socket: stream,
    });

    socket.setTimeout(HANDSHAKE_MS, () =>
      socket.destroy(new Error('the TLS handshake took too long')),
    );

    socket.once('error', reject);

    socket.once('secureConnect', () => {
      socket.setTimeout(0);
      socket.removeListener('error', reject);
      // Until somebody else listens.
      socket.on('error', () => socket.destroy());
      resolve(socket);
    });
  });
}

/**
 * Opens a connection to an origin through somebody else, with TLS to the end of it where the origin
 * has it. Rejects when that fails.
 */
export async function dialOrigin(
  dial: Dial,
  origin: URL,
  options: ConnectionOptions,
): Promise<Duplex> {
  const stream = await dial(addressOf(origin));
  if (origin.protocol !== 'https:') {
    return stream;
  }

  try {
    return await secured(stream, origin, options);
  } catch (error) {
    stream.destroy();
    throw error;
  }
}

/** Returns what opens the connections of undici to one origin. */
export function dialledConnector(
  dial: Dial,
  origin: URL,
  options: ConnectionOptions,
): buildConnector.connector {
  return (_options, callback) => {
    dialOrigin(dial, origin, options).then(
      // undici uses of a socket only what every stream has.
      (stream) => callback(null, stream as Parameters<typeof callback>[1] & Duplex),
      (error: Error) => callback(error, null),
    );
  };
}
