import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';

/** Numbers of errors by which LMDB and the system say that there is no room: MDB_MAP_FULL, ENOSPC, EDQUOT. */
const NO_ROOM = new Set([-30792, 28, 122]);
/** Numbers of errors after which nothing that was written lately can be trusted to be on disk: MDB_PANIC, EIO. */
const BROKEN = new Set([-30795, 5]);

/** What a commit failed with, as the answer to those whose writes it held. */
export async function commitError(failure: unknown, path: string): Promise<StatusError> {
  const cause = await causeOf(failure);
  const number = (cause as { code?: unknown } | undefined)?.code;
  const text = cause instanceof Error ? cause.message.split(': Attempting')[0] : String(cause);
  if (typeof number === 'number' && NO_ROOM.has(number)) {
    return status(`the storage has no space left: nothing can be written until there is room at ${path}`, cause);
  }
  if (typeof number === 'number' && BROKEN.has(number)) {
    return status(`the disk that holds ${path} fails (${text}): replace it, and restart the server`, cause);
  }
  return status(`the storage refused a write: ${text}`, cause);
}

/** Whether a commit failed because there is no room. */
export function isFull(error: StatusError): boolean {
  const { code } = (error.cause ?? {}) as { code?: unknown };
  return typeof code === 'number' && NO_ROOM.has(code);
}

/** As kube-apiserver answers when etcd is out of space: status 500 without a reason. */
function status(message: string, cause: unknown): StatusError {
  return new StatusError(500, '', message, undefined, { cause });
}

/** lmdb rejects a commit with one error for all and hangs the reason on it, as a promise that is rejected. */
async function causeOf(failure: unknown): Promise<unknown> {
  const { commitError } = failure as { commitError?: Promise<unknown> };
  if (commitError === undefined) return failure;
  return commitError.then(
    () => failure,
    (reason: unknown) => reason,
  );
}
