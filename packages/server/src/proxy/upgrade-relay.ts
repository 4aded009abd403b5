import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type {
  KubeRequest,
  KubeTransport,
  Upgraded,
} from '@ks-apiserver/apimachinery/transport/transport';
import { writeKubeResponse } from '@ks-apiserver/http/response/respond';
import { ordinaryAnswer } from '@ks-apiserver/http/server/upgrade';

/** How long one side may take to read the rest after the other has closed, in milliseconds. */
const LAST_MS = 10_000;

/** A connection that asks for a protocol upgrade, with the bytes that came behind its headers. */
export interface UpgradeConnection {
  req: IncomingMessage;
  socket: Duplex;
  head: Buffer;
}

function join(client: Duplex, head: Buffer, upgraded: Upgraded): void {
  const { socket: upstream, headers } = upgraded;
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => `${name}: ${one}\r\n`),
  );

  client.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`);

  if (upgraded.head.byteLength > 0) {
    client.write(upgraded.head);
  }
  if (head.byteLength > 0) {
    upstream.write(head);
  }

  const ends = [
    [client, upstream],
    [upstream, client],
  ] as const;

  for (const [from, to] of ends) {
    from.pipe(to);
    from.on('error', () => to.destroy());

    from.once('close', () => {
      to.end();
      setTimeout(() => to.destroy(), LAST_MS).unref();
    });
  }
}

/**
 * Passes a protocol upgrade on to the Kubernetes API. What the client has sent waits in its socket
 * until the API has granted the upgrade: before that the API would read it as a request of this
 * server. Any other answer is passed on, and the connections end. Rejects when no answer came.
 */
export async function relayUpgrade(
  kubernetes: Pick<KubeTransport, 'upgrade'>,
  request: KubeRequest,
  { req, socket, head }: UpgradeConnection,
): Promise<number> {
  const answer = await kubernetes.upgrade(request);
  if (!('socket' in answer)) {
    await writeKubeResponse(ordinaryAnswer(req, socket), answer);
    return answer.status;
  }

  if (socket.destroyed) {
    answer.socket.destroy();
  } else {
    join(socket, head, answer);
  }

  return 101;
}
