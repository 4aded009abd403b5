import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Busboy, type BusboyFileStream } from '@fastify/busboy';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { badRequest, requestTooLarge, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { BinaryFile } from '@ks-apiserver/upstreams/s3/binary-store';

/** A form that was received: its file is on this machine until `discard`. */
export interface ReceivedFile {
  file: BinaryFile;
  /** MD5 of the file, in hexadecimal digits. */
  md5: string;
  /** MD5 as the form names it. */
  expectedMd5: string | undefined;
  discard: () => Promise<void>;
}

/** What an upload may bring. */
export interface UploadLimits {
  /** Size of the file, in bytes. */
  maxBytes: number;
  /** How long nothing may come, in milliseconds. */
  stalledMs: number;
}

/** Limits of uploads. */
export const UPLOAD_LIMITS: UploadLimits = { maxBytes: 2 * 1024 ** 3, stalledMs: 30_000 };

const FILE_FIELD = 's2ibinary';
const MD5_FIELD = 'md5';

/** Parts of a form, and fields and length of one, that are read. */
const MAX_PARTS = 10;
const MAX_FIELD_BYTES = 1024;
const MAX_NAME_LENGTH = 255;

/** Writes a file and measures it on the way. */
async function store(stream: BusboyFileStream, path: string) {
  const md5 = createHash('md5');
  const sha256 = createHash('sha256');
  let size = 0;

  await pipeline(
    stream,
    async function* (pieces: AsyncIterable<Buffer>) {
      for await (const piece of pieces) {
        md5.update(piece);
        sha256.update(piece);
        size += piece.byteLength;
        yield piece;
      }
    },
    createWriteStream(path, { mode: 0o600, flags: 'wx' }),
  );

  return { path, size, md5: md5.digest('hex'), sha256: sha256.digest('hex') };
}

/** The error of a form whose file is missing or has a wrong field: 3.0 answers with both codes. */
function noFile(code: 400 | 500): StatusError {
  const reason = code === 400 ? 'BadRequest' : 'InternalError';
  return new StatusError(code, reason, '[ServiceError:400] could not get file from form');
}

/**
 * Receives a form with a file into a folder, piece by piece. Throws 400 for a body that is no such
 * form, 408 when it stalls, 413 when the file is too large, and 500 in 3.0's words for a form with
 * another field or several files.
 */
export async function receiveFile(
  body: Readable,
  contentType: string,
  folder: string,
  limits: UploadLimits = UPLOAD_LIMITS,
): Promise<ReceivedFile> {
  await mkdir(folder, { recursive: true, mode: 0o700 });

  const path = join(folder, `upload-${randomUUID()}`);
  const discard = () => rm(path, { force: true });

  try {
    return { ...(await receive(body, contentType, path, limits)), discard };
  } catch (error) {
    await discard();

    if (error instanceof StatusError || isOfDisk(error)) {
      throw error;
    }

    throw badRequest(`the form cannot be read: ${messageOf(error)}`);
  }
}

/**
 * Feeds a body to a form until its end. The body is not destroyed on an error: the answer still
 * goes out on its connection.
 */
function piped(
  body: Readable,
  form: InstanceType<typeof Busboy>,
  stalledMs: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    // The caller may have gone before anybody listened.
    if (body.destroyed) {
      reject(new Error('the connection was closed'));
      return;
    }

    const end = (error?: unknown) => {
      clearTimeout(stalled);
      body.off('data', progress);
      body.unpipe(form);
      body.pause();

      if (error === undefined) {
        resolve();
      } else {
        reject(error);
      }
    };

    const stalled = setTimeout(
      () => end(new StatusError(408, 'Timeout', `nothing of the body came for ${stalledMs} ms`)),
      stalledMs,
    );
    const progress = () => void stalled.refresh();

    form.once('finish', () => end());
    form.once('error', end);
    body.once('error', end);
    body.once('close', () => !body.readableEnded && end(new Error('the connection was closed')));
    body.on('data', progress);
    body.pipe(form);
  });
}

function isOfDisk(error: unknown): boolean {
  return (error as { syscall?: unknown }).syscall !== undefined;
}

async function receive(
  body: Readable,
  contentType: string,
  path: string,
  { maxBytes, stalledMs }: UploadLimits,
): Promise<Omit<ReceivedFile, 'discard'>> {
  const form = new Busboy({
    headers: { 'content-type': contentType },
    limits: {
      fileSize: maxBytes,
      files: 2,
      fields: MAX_PARTS,
      parts: MAX_PARTS,
      fieldSize: MAX_FIELD_BYTES,
      fieldNameSize: MAX_FIELD_BYTES,
    },
  });

  let stored: Promise<Awaited<ReturnType<typeof store>>> | undefined;
  let incoming: BusboyFileStream | undefined;
  let name = '';
  let files = 0;
  let others = 0;
  let isTruncated = false;
  let expectedMd5: string | undefined;

  form.on('field', (field, value) => {
    if (field === MD5_FIELD) {
      expectedMd5 = value;
    }
  });

  form.on('file', (field, stream, fileName) => {
    if (field !== FILE_FIELD || stored) {
      files += field === FILE_FIELD ? 1 : 0;
      others += field === FILE_FIELD ? 0 : 1;
      stream.resume();
      return;
    }

    files += 1;
    name = fileName ?? '';
    incoming = stream;
    stream.once('limit', () => {
      isTruncated = true;
    });
    stored = store(stream, path);

    // The form fails as well, and ends the wait for it.
    stored.catch((error) => form.destroy(error instanceof Error ? error : undefined));
  });

  try {
    await piped(body, form, stalledMs);
  } catch (error) {
    incoming?.destroy(new Error('the form has no end'));
    form.destroy();
    throw error;
  } finally {
    await stored?.catch(() => {});
  }

  if (files > 1) {
    throw new StatusError(
      500,
      'InternalError',
      '[ServiceError:400] s2ibinary should only have one file',
    );
  }
  if (!stored) {
    throw noFile(others > 0 ? 500 : 400);
  }
  if (isTruncated) {
    throw requestTooLarge(maxBytes);
  }
  if (name === '' || name.length > MAX_NAME_LENGTH || /[/\\\p{Cc}]/u.test(name)) {
    throw badRequest('the file needs a name of up to 255 characters without slashes');
  }

  const { md5, ...file } = await stored;

  return { file: { ...file, name }, md5, expectedMd5 };
}
