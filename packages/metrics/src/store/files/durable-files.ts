import { readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';

/** Writes all bytes at a position of a file. */
export async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  let done = 0;

  while (done < bytes.length) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);

    done += bytesWritten;
  }
}

/** Fills a buffer from a position of a file; returns whether there were enough bytes. */
export function readAll(fd: number, bytes: Buffer, position: number): boolean {
  let done = 0;

  while (done < bytes.length) {
    const count = readSync(fd, bytes, done, bytes.length - done, position + done);
    if (count === 0) {
      return false;
    }

    done += count;
  }

  return true;
}

/** Has the disk keep which files are in a directory. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');

  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Whether an error says that the disk, or a quota, is full. */
export function isDiskFull(error: unknown): boolean {
  return /\b(ENOSPC|EDQUOT|EFBIG)\b/.test(messageOf(error));
}
