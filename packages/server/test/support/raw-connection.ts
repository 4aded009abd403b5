import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { loadKubeconfig } from '@ks-apiserver/client/kube/kubeconfig';

/**
 * A connection that sends bytes that no HTTP client would, and records the answer; it stays open on
 * its side until it is closed.
 */
export class RawConnection {
  readonly socket: Socket;
  text = '';
  /** When the other side ended it, in milliseconds since it was opened; undefined before that. */
  endedAfter: number | undefined;
  readonly #start = performance.now();
  readonly #end: Promise<unknown>;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => (this.text += chunk.toString('latin1')));
    socket.on('error', () => {});

    this.#end = Promise.race([once(socket, 'end'), once(socket, 'close')]).then(
      () => (this.endedAfter = performance.now() - this.#start),
      () => {},
    );
  }

  /** Connects to an address such as `http://127.0.0.1:80`. */
  static async connect(url: string): Promise<RawConnection> {
    const { hostname, port } = new URL(url);
    const connection = new RawConnection(
      connect({ port: Number(port), host: hostname, allowHalfOpen: true }),
    );

    await once(connection.socket, 'connect');

    return connection;
  }

  /** Connects to the API of a kubeconfig, with its client certificate or without credentials. */
  static async connectAs(kubeconfig: string, anonymous = false): Promise<RawConnection> {
    const { server, ca, cert, key } = await loadKubeconfig(kubeconfig);
    const { hostname: host, port } = new URL(server);

    // The type does not know the option.
    const halfOpen = { allowHalfOpen: true } as ConnectionOptions;
    const options: ConnectionOptions = { host, port: Number(port), ...(ca && { ca }), ...halfOpen };
    const own = anonymous ? {} : { ...(cert && { cert }), ...(key && { key }) };
    const connection = new RawConnection(connectTls({ ...options, ...own }));

    await once(connection.socket, 'secureConnect');

    return connection;
  }

  write(text: string | Buffer): void {
    this.socket.write(text);
  }

  /**
   * Waits until the other side has ended the connection, or for a time in milliseconds; reports
   * whether it has.
   */
  async ends(ms: number): Promise<boolean> {
    await Promise.race([this.#end, new Promise((resolve) => setTimeout(resolve, ms))]);
    return this.endedAfter !== undefined;
  }

  /** Reports whether the other side stops reading within a time in milliseconds. */
  async refuses(ms: number): Promise<boolean> {
    let refused = false;
    this.socket.once('error', () => (refused = true));

    for (const end = Date.now() + ms; !refused && Date.now() < end; ) {
      this.socket.write('x');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }

    return refused;
  }

  /** Waits until the received text matches; throws after 5 seconds. */
  async until(pattern: RegExp): Promise<void> {
    const end = Date.now() + 5000;

    while (!pattern.test(this.text)) {
      if (Date.now() > end) {
        throw new Error(`no ${pattern} in: ${this.text}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Returns the statuses of all answers that came. */
  get statuses(): number[] {
    return [...this.text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
  }

  close(): void {
    this.socket.destroy();
  }
}
