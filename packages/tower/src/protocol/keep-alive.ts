import type { Connection } from '../connection/connection.ts';
import { PING_REQUEST } from './protocol.ts';

/** When the other end counts as gone. */
export interface KeepAliveOptions {
  /** After so long without a word it is asked, in milliseconds. */
  intervalMs: number;
  /** After so long without a word the connection ends, in milliseconds. */
  timeoutMs: number;
}

/**
 * Ends a connection whose other end is gone without a word, which its stream alone may never tell.
 * Returns a function that stops this.
 */
export function keepAlive(
  connection: Connection,
  { intervalMs, timeoutMs }: KeepAliveOptions,
): () => void {
  let isAsked = false;

  const check = () => {
    if (connection.silenceMs > timeoutMs) {
      connection.close(new Error(`the other end has not answered for ${timeoutMs} ms`));
      return;
    }
    if (isAsked || connection.silenceMs < intervalMs / 2) {
      return;
    }

    isAsked = true;

    connection.request(PING_REQUEST, Buffer.alloc(0)).then(
      () => {
        isAsked = false;
      },
      // The connection has ended, which its owner has been told.
      () => {},
    );
  };

  const timer = setInterval(check, intervalMs);
  timer.unref();

  return () => clearInterval(timer);
}
