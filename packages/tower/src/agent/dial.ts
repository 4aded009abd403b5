import { connect, type Socket } from 'node:net';
import type { Channel } from '../connection/channel.ts';
import { ChannelOpenError, type ChannelUser } from '../connection/channels.ts';
import { OPEN_FAILURE } from '../connection/connection-messages.ts';
import { CHANNEL_TYPE } from '../protocol/protocol.ts';

/** How long connecting to an address may take, in milliseconds. */
const CONNECT_MS = 10_000;

/** How long a service may take what is left when the channel has ended, in milliseconds. */
const LINGER_MS = 30_000;

/** Carries a channel and a connection into each other; what ends one ends the other. */
function join(channel: Channel, socket: Socket): void {
  channel.pipe(socket);
  socket.pipe(channel);

  socket.on('error', () => channel.destroy());

  socket.once('close', () => {
    if (!channel.writableEnded) {
      channel.destroy();
    }
  });

  channel.once('close', () => {
    socket.unpipe(channel);
    socket.resume();
    socket.setTimeout(LINGER_MS, () => socket.destroy());
    socket.end(() => socket.destroy());
  });
}

function connected(hostPort: string): Promise<Socket> {
  const colon = hostPort.lastIndexOf(':');
  const host = hostPort.slice(0, colon).replace(/^\[|\]$/g, '');
  const port = Number(hostPort.slice(colon + 1));

  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
    const refuse = (why: string) => {
      socket.destroy();
      reject(new ChannelOpenError(why));
    };

    socket.setTimeout(CONNECT_MS, () => refuse('the service did not answer in time'));
    socket.once('error', () => refuse('the service cannot be reached'));

    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.removeAllListeners('timeout');
      socket.removeAllListeners('error');
      // Until the channel listens for errors.
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}

/**
 * Returns what an agent does with channels that a server opens: it connects to one of the addresses
 * given, and to no other.
 */
export function dialler(
  allowed: () => readonly string[],
): (type: string, extra: Buffer) => Promise<ChannelUser> {
  return async (type, extra) => {
    const hostPort = extra.toString();

    if (type !== CHANNEL_TYPE) {
      throw new ChannelOpenError('there are no such channels', OPEN_FAILURE.unknownType);
    }
    if (!allowed().includes(hostPort)) {
      throw new ChannelOpenError('this agent does not connect there', OPEN_FAILURE.prohibited);
    }

    const socket = await connected(hostPort);

    return (channel) => join(channel, socket);
  };
}
