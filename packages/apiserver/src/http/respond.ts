import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { isWhole, type KubeBody, type KubeResponse } from '@ks-apiserver/client/kube/transport';

/** How long a reader may accept no byte before its connection is cut, in milliseconds. */
const STALLED_READER_MS = 60_000;

/** Waits until the response accepts more, failing when its client went away or stalls. */
async function drained(res: ServerResponse): Promise<void> {
  const timer = AbortSignal.timeout(STALLED_READER_MS);
  const closed = new AbortController();
  const onClose = () => closed.abort();
  res.once('close', onClose);
  try {
    await once(res, 'drain', { signal: AbortSignal.any([timer, closed.signal]) });
  } catch (error) {
    res.destroy();
    throw error;
  } finally {
    res.off('close', onClose);
  }
}

/** Writes a body with back-pressure and ends the response; pieces are handed over as they are, never copied together. */
export async function writeBody(res: ServerResponse, body: KubeBody): Promise<void> {
  if (isWhole(body)) {
    res.end(body);
    return;
  }
  let corked = 0;
  const existing = Symbol.iterator in body;
  for await (const chunk of existing ? inBatches(body as Iterable<Uint8Array>) : (body as AsyncIterable<Uint8Array>)) {
    if (res.destroyed) throw new Error('the client went away');
    if (Array.isArray(chunk)) {
      res.cork();
      for (const piece of chunk) res.write(piece);
      // One writev for the batch instead of a system call a piece.
      res.uncork();
    } else res.write(chunk);
    corked += 1;
    if (res.writableNeedDrain) await drained(res);
    else if (corked % 16 === 0) await new Promise(setImmediate);
  }
  res.end();
}

/** Groups pieces that exist already into batches of about 256 KB, so that a long list yields to other requests. */
function* inBatches(pieces: Iterable<Uint8Array>): Generator<Uint8Array[]> {
  let batch: Uint8Array[] = [];
  let size = 0;
  for (const piece of pieces) {
    batch.push(piece);
    size += piece.byteLength;
    if (size >= 256 * 1024 || batch.length >= 512) {
      yield batch;
      batch = [];
      size = 0;
    }
  }
  if (batch.length > 0) yield batch;
}

/** Sends an answer of a Kubernetes API to a client; when it breaks off half-way, the connection is cut so that nobody takes it for whole. */
export async function writeKubeResponse(res: ServerResponse, response: KubeResponse): Promise<void> {
  const headers: Record<string, string | string[]> = { ...response.headers };
  if (
    isWhole(response.body) &&
    headers['content-length'] === undefined &&
    response.status !== 204 &&
    response.status !== 304
  ) {
    headers['content-length'] = String(response.body.byteLength);
  }
  res.writeHead(response.status, headers);
  if (!isWhole(response.body)) res.flushHeaders();
  try {
    await writeBody(res, response.body);
  } catch (error) {
    res.destroy(error instanceof Error ? error : undefined);
  }
}
