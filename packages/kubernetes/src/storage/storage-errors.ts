import { statfs } from 'node:fs/promises';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';

/** Error numbers of LMDB and the system for a full disk: MDB_MAP_FULL, ENOSPC, EDQUOT. */
const NO_ROOM = new Set([-30792, 28, 122]);
const EIO = 5;

/** Error numbers after which recent writes may not be on disk: MDB_PANIC, EIO. */
const BROKEN = new Set([-30795, EIO]);

/**
 * With less free space than this, in bytes, a truncated write means a full disk, although LMDB
 * reports an I/O error.
 */
const NOTHING_LEFT = 64 * 1024;

async function hasRoom(path: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize > NOTHING_LEFT;
}

/** The error for the writes of a failed commit, and whether the disk is full. */
export async function commitError(
  failure: unknown,
  path: string,
): Promise<{ error: StatusError; full: boolean }> {
  const cause = await causeOf(failure);
  const number = (cause as { code?: unknown } | undefined)?.code;
  const text = cause instanceof Error ? cause.message.split(': Attempting')[0] : String(cause);

  if (
    typeof number === 'number' &&
    (NO_ROOM.has(number) || (number === EIO && !(await hasRoom(path))))
  ) {
    const message = `the storage has no space left: nothing can be written until there is room at ${path}`;
    return { error: status(message, cause), full: true };
  }

  if (typeof number === 'number' && BROKEN.has(number)) {
    const message = `the disk that holds ${path} fails (${text}): replace it, and restart the server`;
    return { error: status(message, cause), full: false };
  }

  return { error: status(`the storage refused a write: ${text}`, cause), full: false };
}

/** Like kube-apiserver when etcd is out of space: status 500 without a reason. */
function status(message: string, cause: unknown): StatusError {
  return new StatusError(500, '', message, undefined, { cause });
}

/**
 * lmdb rejects every commit with the same error, whose `commitError` is a promise that rejects with
 * the cause.
 */
async function causeOf(failure: unknown): Promise<unknown> {
  const { commitError } = failure as { commitError?: Promise<unknown> };
  if (commitError === undefined) {
    return failure;
  }

  return commitError.then(
    () => failure,
    (reason: unknown) => reason,
  );
}
