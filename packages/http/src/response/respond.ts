import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { yieldToEventLoop } from '@ks-apiserver/apimachinery/concurrency/time-slice';
import { Deadline } from '@ks-apiserver/apimachinery/transport/deadline';
import {
  isWhole,
  type KubeBody,
  type KubeResponse,
} from '@ks-apiserver/apimachinery/transport/transport';
import type { Pending } from '../server/exchange.ts';

/** How long a reader may accept no byte before its connection is cut, in milliseconds. */
const STALLED_READER_MS = 60_000;

/**
 * How much is handed over at once, in bytes and in pieces, before other requests have their turn.
 */
const BATCH_BYTES = 256 * 1024;
const BATCH_PIECES = 512;

/** Batches that one response gets in a row where its reader takes them at once: a megabyte. */
const BATCHES_IN_A_ROW = 4;

/**
 * Pieces of up to this many bytes are copied together: handing one over costs more than copying it.
 */
const SMALL = 4096;
const SMALL_OF_TLS = 64 * 1024;

/** Waits until the response accepts more, failing when its client went away or stalls. */
async function drained(res: ServerResponse): Promise<void> {
  const closed = new AbortController();
  const onClose = () => closed.abort();
  const patience = new Deadline(STALLED_READER_MS, closed.signal);

  res.once('close', onClose);

  try {
    await once(res, 'drain', { signal: patience.signal });
  } catch (error) {
    res.destroy();
    throw error;
  } finally {
    patience.end();
    res.off('close', onClose);
  }
}

/** Groups pieces that exist already into batches, so that a long list yields to other requests. */
function* inBatches(pieces: Iterable<Uint8Array>): Generator<Uint8Array[]> {
  let batch: Uint8Array[] = [];
  let size = 0;

  for (const piece of pieces) {
    batch.push(piece);
    size += piece.byteLength;
    if (size >= BATCH_BYTES || batch.length >= BATCH_PIECES) {
      yield batch;
      batch = [];
      size = 0;
    }
  }

  if (batch.length > 0) {
    yield batch;
  }
}

function isEncrypted({ socket }: ServerResponse): boolean {
  return (socket as TLSSocket | null)?.encrypted === true;
}

/**
 * Writes a batch with one system call: large pieces as they are, runs of small ones copied
 * together.
 */
function writeBatch(res: ServerResponse, batch: readonly Uint8Array[]): void {
  // TLS copies what comes in several pieces once more, piece by piece.
  const small = isEncrypted(res) ? SMALL_OF_TLS : SMALL;

  res.cork();

  for (let from = 0; from < batch.length; ) {
    let to = from;
    let size = 0;

    while (to < batch.length && batch[to]!.byteLength <= small) {
      size += batch[to++]!.byteLength;
    }

    if (to - from > 1) {
      res.write(Buffer.concat(batch.slice(from, to), size));
    } else {
      res.write(batch[from]!);
    }

    from = Math.max(to, from + 1);
  }

  res.uncork();
}

async function writeRest(
  res: ServerResponse,
  batches: Iterator<Uint8Array[]>,
  first: Uint8Array[],
): Promise<void> {
  for (let batch = first, written = 1; ; written++) {
    if (res.destroyed) {
      throw new Error('the client went away');
    }

    writeBatch(res, batch);

    const next = batches.next();
    if (next.done) {
      break;
    }

    batch = next.value;

    if (res.writableNeedDrain) {
      await drained(res);
    }

    // A reader who takes everything at once drains without the loop having turned.
    if (written % BATCHES_IN_A_ROW === 0) {
      await yieldToEventLoop();
    }
  }

  res.end();
}

/**
 * Ends a response of known length with a piece, so that Node does not put it together with the
 * headers and what was written just now: TLS copies what it gets in several pieces, and takes as it
 * is what comes alone.
 */
function endWith(res: ServerResponse, piece: Uint8Array): void {
  if (!isEncrypted(res) || piece.byteLength <= SMALL_OF_TLS) {
    return void res.end(piece);
  }

  res.flushHeaders();

  process.nextTick(() => {
    if (!res.destroyed) {
      res.end(piece);
    }
  });
}

/** Writes pieces that exist already; a short body needs no waiting. */
function writePieces(res: ServerResponse, pieces: Iterable<Uint8Array>, isSized: boolean): Pending {
  const batches = inBatches(pieces);
  const first = batches.next();
  if (first.done) {
    return void res.end();
  }

  const second = batches.next();
  if (second.done) {
    const [head, rest] = first.value;

    if (isSized && first.value.length === 2) {
      res.write(head!);
      return endWith(res, rest!);
    }

    res.cork();
    writeBatch(res, first.value);
    res.end();

    return;
  }

  writeBatch(res, first.value);

  return writeRest(res, batches, second.value);
}

async function writeStream(res: ServerResponse, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  let written = 0;

  for await (const chunk of chunks) {
    if (res.destroyed) {
      throw new Error('the client went away');
    }

    res.write(chunk);
    written += 1;

    if (res.writableNeedDrain) {
      await drained(res);
    }
    if (written % 16 === 0) {
      await yieldToEventLoop();
    }
  }

  res.end();
}

/**
 * Writes a body with back-pressure and ends the response; at once where it is short and exists
 * already. `isSized`: the headers that were written tell its length.
 */
export function writeBody(res: ServerResponse, body: KubeBody, isSized = false): Pending {
  if (isWhole(body)) {
    return isSized ? endWith(res, body) : void res.end(body);
  }
  if (Symbol.iterator in body) {
    return writePieces(res, body, isSized);
  }

  return writeStream(res, body);
}

/**
 * Sends an answer of a Kubernetes API to a client; when it breaks off half-way, the connection is
 * cut so that nobody takes it for whole.
 */
export function writeKubeResponse(
  res: ServerResponse,
  { status, headers, body }: KubeResponse,
): Pending {
  const known =
    headers['content-length'] ??
    (isWhole(body) && status !== 204 && status !== 304 && body.byteLength);
  const isSized = known !== false;

  res.writeHead(status, isSized ? { ...headers, 'content-length': String(known) } : { ...headers });

  const failed = (error: unknown) => void res.destroy(error instanceof Error ? error : undefined);

  try {
    // What comes piece by piece may be long in coming: its reader knows at once that it will.
    if (Symbol.asyncIterator in body) {
      res.flushHeaders();
    }

    return writeBody(res, body, isSized)?.catch(failed);
  } catch (error) {
    return failed(error);
  }
}
