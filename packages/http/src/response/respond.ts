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
import type { Pending } from './pending.ts';

/** How long a reader may accept no byte before its connection is cut, in milliseconds. */
const STALLED_READER_MS = 60_000;

/** How much is written at once, in bytes and in pieces, before other requests run. */
const BATCH_BYTES = 256 * 1024;
const BATCH_PIECES = 512;

/** Batches that one response gets in a row while its reader keeps up: one megabyte. */
const BATCHES_IN_A_ROW = 4;

/** Pieces of up to this many bytes are copied together: one write costs more than the copy. */
const SMALL = 4096;
const SMALL_OF_TLS = 64 * 1024;

/** Waits until the response accepts more. Rejects when the client went away or stalls. */
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
  // TLS would copy every piece once more.
  const small = isEncrypted(res) ? SMALL_OF_TLS : SMALL;

  res.cork();

  let run: Uint8Array[] = [];

  for (const piece of batch) {
    if (piece.byteLength <= small) {
      run.push(piece);
      continue;
    }

    writeRun(res, run);
    run = [];
    res.write(piece);
  }

  writeRun(res, run);
  res.uncork();
}

/** Writes short pieces as one. */
function writeRun(res: ServerResponse, run: readonly Uint8Array[]): void {
  const [only] = run;
  if (only) {
    res.write(run.length === 1 ? only : Buffer.concat(run));
  }
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

    // A reader that keeps up drains the response without the event loop going round.
    if (written % BATCHES_IN_A_ROW === 0) {
      await yieldToEventLoop();
    }
  }

  res.end();
}

/**
 * Ends a response of known length with its last piece, written alone: TLS copies what it gets in
 * several pieces, and Node would otherwise join the piece with the headers.
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

/** What is known of a body; `isSized`: the headers contain its length. */
interface BodyOptions {
  isSized: boolean;
}

/** Writes pieces that exist already; a short body needs no waiting. */
function writePieces(
  res: ServerResponse,
  pieces: Iterable<Uint8Array>,
  { isSized }: BodyOptions,
): Pending {
  const batches = inBatches(pieces);
  const first = batches.next();
  if (first.done) {
    return void res.end();
  }

  const second = batches.next();
  if (second.done) {
    const [head, rest] = first.value;

    if (isSized && head && rest && first.value.length === 2) {
      res.write(head);
      return endWith(res, rest);
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
 * Writes a body with back-pressure and ends the response; at once when the body is short and exists
 * already.
 */
export function writeBody(
  res: ServerResponse,
  body: KubeBody,
  options: BodyOptions = { isSized: false },
): Pending {
  if (isWhole(body)) {
    return options.isSized ? endWith(res, body) : void res.end(body);
  }
  if (Symbol.iterator in body) {
    return writePieces(res, body, options);
  }

  return writeStream(res, body);
}

/**
 * Sends an answer of a Kubernetes API to a client. When it breaks off half-way, the connection is
 * cut, so that nobody takes it for complete.
 */
export function writeKubeResponse(
  res: ServerResponse,
  { status, headers, body }: KubeResponse,
): Pending {
  const known =
    headers['content-length'] ??
    (isWhole(body) && status !== 204 && status !== 304 && body.byteLength);
  const isSized = known !== false;

  const isComplete = !isSized || headers['content-length'] !== undefined;

  res.writeHead(status, isComplete ? headers : { ...headers, 'content-length': String(known) });

  const failed = (error: unknown) => void res.destroy(error instanceof Error ? error : undefined);

  try {
    // Pieces may come late: send the headers now, so that the reader knows that there will be some.
    if (Symbol.asyncIterator in body) {
      res.flushHeaders();
    }

    return writeBody(res, body, { isSized })?.catch(failed);
  } catch (error) {
    return failed(error);
  }
}
