import { once } from 'node:events';
import net from 'node:net';
import { bodyText } from './request-body.ts';

const WAIT_MS = 2000;

/** The answer of a connection to a request for an upgrade, as far as it came within `WAIT_MS`. */
export interface UpgradedAnswer {
  /** 0 without an answer. */
  status: number;
  /** Everything that came, with the status line and the headers. */
  text: string;
}

/**
 * Sends one request that asks for the protocol WebSocket, whatever its method and body, on a
 * connection of its own. `behind` is sent after it without waiting, like a smuggled second request.
 */
export async function callWithUpgrade(
  base: string,
  path: string,
  {
    method = 'GET',
    token,
    headers = {},
    body,
    behind = '',
  }: {
    method?: string;
    token?: string;
    headers?: Record<string, string>;
    body?: unknown;
    behind?: string;
  },
): Promise<UpgradedAnswer> {
  const { hostname, port } = new URL(base);
  const payload = bodyText(body) ?? '';

  const sent: Record<string, string> = {
    host: `${hostname}:${port}`,
    ...(token && { authorization: `Bearer ${token}` }),
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-version': '13',
    ...(payload !== '' && {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(payload)),
    }),
    ...headers,
  };

  const head = Object.entries(sent).map(([name, value]) => `${name}: ${value}\r\n`);
  const socket = net.connect(Number(port), hostname);
  let text = '';

  socket.on('data', (chunk) => (text += chunk));
  socket.on('error', () => {});
  socket.write(`${method} ${path} HTTP/1.1\r\n${head.join('')}\r\n${payload}${behind}`);
  await Promise.race([once(socket, 'close').catch(() => {}), waitForAnswer(socket, () => text)]);
  socket.destroy();

  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0), text };
}

/** Waits for the signs of a refusal, or for the time. */
async function waitForAnswer(socket: net.Socket, text: () => string): Promise<void> {
  const end = Date.now() + WAIT_MS;
  while (!socket.closed && Date.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    // An answer that is no upgrade is complete with its body; its connection may stay open.
    if (/^HTTP\/1\.1 [^1]\d\d .*\r\n\r\n./s.test(text())) {
      return;
    }
  }
}
