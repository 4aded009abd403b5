import type { IncomingMessage } from 'node:http';

/** Longest text that is taken for an address. */
const LIMIT = 256;

/** The caller's address as login records show it: the console's gateway names it in a header, else it is the peer's. */
export function sourceIP(req: IncomingMessage): string {
  for (const name of ['x-real-ip', 'x-forwarded-for']) {
    const value = req.headers[name];
    const text = (Array.isArray(value) ? value.join(', ') : (value ?? '')).trim();
    if (text !== '' && text.length <= LIMIT && /^[0-9A-Za-z:., %[\]-]+$/.test(text)) return text;
  }
  const peer = req.socket.remoteAddress ?? '';
  return peer === '::1' ? '127.0.0.1' : peer.replace(/^::ffff:/, '');
}
