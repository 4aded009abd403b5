import type { IncomingMessage } from 'node:http';
import { createGunzip, createInflate } from 'node:zlib';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { badRequest, requestTooLarge, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { bodyAccount, watchProgress } from './body-budgets.ts';
import { bodyObserver } from './body-observer.ts';

/** Whether a request has a body. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function decoderOf(req: IncomingMessage) {
  const encoding = (req.headers['content-encoding'] ?? 'identity').toLowerCase();
  if (encoding === 'gzip') {
    return createGunzip();
  }
  if (encoding === 'deflate') {
    return createInflate();
  }
  if (encoding === 'identity') {
    return undefined;
  }

  throw new StatusError(
    415,
    'UnsupportedMediaType',
    `Content-Encoding ${encoding} is not supported: use gzip or deflate`,
  );
}

/**
 * Reads all of a body, decompressed. Throws 413 for more than `limit` bytes: before reading when
 * Content-Length says so, and while decompressing as soon as so much has come out; 400 when it
 * breaks off, 408 when it stalls, 415 for an unknown coding, and 429 when the caller's other bodies
 * leave no room for it. On an error the rest of the body is unread: the answer must close the
 * connection.
 */
export function readRequestBody(req: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (Number(req.headers['content-length'] ?? 0) > limit) {
      throw requestTooLarge(limit);
    }

    const decoder = decoderOf(req);
    const account = bodyAccount(req);
    const chunks: Buffer[] = [];
    let size = 0;
    let received = 0;
    let settled = false;

    const settle = (error?: unknown) => {
      if (settled) {
        return;
      }

      settled = true;
      watch.end();
      req.off('data', onData);
      req.pause();
      decoder?.destroy();

      if (error === undefined) {
        const body = Buffer.concat(chunks, size);
        bodyObserver(req)?.(body);
        resolve(body);
      } else {
        reject(
          error instanceof StatusError
            ? error
            : badRequest(`the body cannot be read: ${messageOf(error)}`),
        );
      }
    };

    const keep = (chunk: Buffer) => {
      if (settled) {
        return;
      }

      try {
        size += chunk.byteLength;
        if (size > limit) {
          throw requestTooLarge(limit);
        }

        account.hold(chunk.byteLength);
        chunks.push(chunk);
      } catch (error) {
        settle(error);
      }
    };

    const onData = (chunk: Buffer) => {
      watch.progress();

      if (!decoder) {
        return keep(chunk);
      }

      // Compressed data may also be long and decompress to nothing.
      received += chunk.byteLength;
      if (received > limit) {
        settle(requestTooLarge(limit));
      } else if (!decoder.write(chunk)) {
        req.pause();
      }
    };

    const watch = watchProgress(account, settle);

    decoder?.on('data', keep);
    decoder?.on('drain', () => !settled && req.resume());
    decoder?.on('end', () => settle());
    decoder?.on('error', settle);
    req.on('data', onData);
    req.once('end', () => (decoder ? !settled && decoder.end() : settle()));
    req.once('error', settle);
    req.once('close', () => !req.complete && settle(new Error('the connection was closed')));
  });
}
