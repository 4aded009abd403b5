import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Client } from 'ldapts';
import { reasonOf } from '../http.ts';
import { ProviderError } from '../provider.ts';
import type { TlsOptions } from '../tls.ts';

/** Bytes that a directory may send during one log-in. */
const MAX_BYTES = 4 * 1024 * 1024;

/** Address of a directory, and its encryption. */
export interface LdapAddress {
  host: string;
  port: number;
  /**
   * `ldaps`: TLS from the first byte; `startTLS`: TLS before anything else (RFC 4513 section 3).
   */
  security: 'none' | 'startTLS' | 'ldaps';
  tls: TlsOptions;
  /** Timeout of all that is done with one connection, in milliseconds. */
  timeoutMs: number;
}

/**
 * Uses one connection to a directory, and closes it. A broken connection is not opened again,
 * because the library would then bind without the TLS that was negotiated on the first. Throws a
 * ProviderError without a connection, or an answer in time.
 */
export async function withDirectory<T>(
  address: LdapAddress,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const { host, port, security, tls, timeoutMs } = address;
  const { Client, ResultCodeError } = await import('ldapts');
  const secure = { ...tls, host, ...(isIP(host) === 0 && { servername: host }) };

  const failed = (what: string, cause?: unknown) =>
    new ProviderError(`the directory ${host} ${what}`, {
      outcome: cause instanceof ResultCodeError ? 'failed' : 'down',
      cause,
    });

  let socket: Socket | undefined;

  const once = <S extends Socket>(open: () => S): S => {
    if (socket) {
      throw failed('has closed the connection');
    }

    const opened = open();
    socket = opened;

    return opened;
  };

  let cut!: (what: string) => void;

  const isCut = new Promise<never>((_, reject) => {
    cut = (what) => {
      reject(failed(what));
      socket?.destroy();
    };
  });

  const client = new Client({
    url: `${security === 'ldaps' ? 'ldaps' : 'ldap'}://${isIP(host) === 6 ? `[${host}]` : host}:${port}`,
    createConnection: (() => once(() => connect(port, host))) as typeof connect,
    ...(security === 'ldaps' && {
      tlsOptions: secure,
      createSecureConnection: (() =>
        once(() => connectTls({ ...secure, port }))) as typeof connectTls,
    }),
  });

  const work = async () => {
    if (security === 'startTLS') {
      await client.startTLS(secure);
    }
    return use(client);
  };

  const deadline = setTimeout(() => cut('does not answer in time'), timeoutMs);
  const size = setInterval(() => (socket?.bytesRead ?? 0) > MAX_BYTES && cut('sends too much'), 50);

  try {
    return await Promise.race([work(), isCut]);
  } catch (error) {
    throw error instanceof ProviderError
      ? error
      : failed(`cannot be asked${reasonOf(error)}`, error);
  } finally {
    clearTimeout(deadline);
    clearInterval(size);
    await client.unbind().catch(() => {});
    socket?.destroy();
  }
}
