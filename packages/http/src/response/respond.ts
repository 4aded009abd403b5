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
import { arrivals } from './arrivals.ts';
import type { Pending } from './pending.ts';

/** How long a reader may accept no byte before its connection is cut, in milliseconds. */
const STALLED_READER_MS = 60_000;

/** Most pieces that are written at once. */
const BATCH_PIECES = 512;

/** How much of a long answer is written before other requests run, in bytes. */
interface Share {
  /** Written at once. */
  batch: number;
  /** Written in a row, while its reader keeps up. */
  row: number;
}

/** What a long answer gets while no other requests come. */
const ALONE: Share = { batch: 256 * 1024, row: 1024 * 1024 };

/** What it gets in turn with other requests. */
const IN_TURN: Share = { batch: 64 * 1024, row: 64 * 1024 };

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

/** Takes pieces that exist already, up to a size in bytes; none at their end. */
function takeBatch(pieces: Iterator<Uint8Array>, bytes: number): Uint8Array[] {
  const batch: Uint8Array[] = [];

  for (let size = 0; size < bytes && batch.length < BATCH_PIECES; ) {
    const { done, value } = pieces.next();
    if (done) {
      break;
    }

    batch.push(value);
    size += value.byteLength;
  }

  return batch;
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
  pieces: Iterator<Uint8Array>,
  first: Uint8Array[],
): Promise<void> {
  let batch = first;
  let share = IN_TURN;
  let written = 0;

  while (batch.length > 0) {
    if (res.destroyed) {
      throw new Error('the client went away');
    }

    writeBatch(res, batch);
    written += share.batch;
    batch = takeBatch(pieces, share.batch);

    if (res.writableNeedDrain) {
      await drained(res);
    }

    // A reader that keeps up drains the response without the event loop going round.
    if (written >= share.row) {
      const seen = arrivals();
      await yieldToEventLoop();
      share = arrivals() === seen ? ALONE : IN_TURN;
      written = 0;
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
  const iterator = pieces[Symbol.iterator]();
  const first = takeBatch(iterator, ALONE.batch);
  if (first.length === 0) {
    return void res.end();
  }

  const second = takeBatch(iterator, IN_TURN.batch);
  if (second.length === 0) {
    const [head, rest] = first;

    if (isSized && head && rest && first.length === 2) {
      res.write(head);
      return endWith(res, rest);
    }

    res.cork();
    writeBatch(res, first);
    res.end();

    return;
  }

  writeBatch(res, first);

  return writeRest(res, iterator, second);
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
