import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** What happens to an answer on its way. */
export interface Interception {
  /** Sees the headers that are given together with the status. */
  head?: ((headers: OutgoingHttpHeaders) => void) | undefined;
  /** Sees the pieces of the body. */
  observe?: ((piece: Uint8Array) => void) | undefined;
  /** Holds back the whole answer, headers too, until this resolves or rejects. */
  hold?: (() => Promise<void>) | undefined;
}

function bytesOf(chunk: unknown, encoding: unknown): Uint8Array | undefined {
  if (chunk instanceof Uint8Array) {
    return chunk;
  }

  return typeof chunk === 'string'
    ? Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')
    : undefined;
}

/** Shows an answer to an observer, or holds it back; must be called before anything is written. */
export function interceptAnswer(res: ServerResponse, { head, observe, hold }: Interception): void {
  const { write, end, flushHeaders, writeHead } = res;
  const held: Uint8Array[] = [];

  const pass = (chunk: unknown, encoding: unknown) => {
    const piece = bytesOf(chunk, encoding);
    if (piece) {
      observe?.(piece);
      held.push(piece);
    }
  };

  const release = () => {
    Object.assign(res, { write, end, flushHeaders });

    if (!res.destroyed) {
      res.end(Buffer.concat(held));
    }
  };

  if (head) {
    const withHead = (...args: unknown[]) => {
      const headers = args.at(-1);

      if (typeof headers === 'object' && headers !== null && !Array.isArray(headers)) {
        head(headers as OutgoingHttpHeaders);
      }

      return Reflect.apply(writeHead, res, args);
    };

    Object.assign(res, { writeHead: withHead });
  }

  if (hold) {
    Object.assign(res, {
      flushHeaders: () => {},
      write: (chunk: unknown, encoding?: unknown) => {
        pass(chunk, encoding);
        return true;
      },
      end: (chunk?: unknown, encoding?: unknown) => {
        pass(chunk, encoding);
        hold().then(release, release);
        return res;
      },
    });

    return;
  }

  const seen =
    <Method extends typeof write | typeof end>(method: Method) =>
    (...args: unknown[]) => {
      const piece = bytesOf(args[0], args[1]);
      if (piece) {
        observe?.(piece);
      }

      return Reflect.apply(method, res, args);
    };

  Object.assign(res, { write: seen(write), end: seen(end) });
}
