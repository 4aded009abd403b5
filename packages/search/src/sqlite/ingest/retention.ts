import { dayOf } from '../../time/document-ids.ts';
import { bytesOf, type DayFile, deleteDayFile, listDayFiles } from '../files/day-files.ts';

/** How long, and in how much room, documents are kept. */
export interface RetentionOptions {
  readonly retentionDays: number;
  /** Bytes of all files together. */
  readonly maxBytes: number;
}

/** What is left after files were deleted. */
export interface RetentionResult {
  readonly deleted: readonly DayFile[];
  /** Whether there is still more than may be: nothing but the current day is left. */
  readonly isFull: boolean;
}

/**
 * Deletes the files of days that are over, and while there are too many bytes, those of the oldest
 * days. `close` is called for each file before it is deleted.
 */
export function applyRetention(
  folder: string,
  { retentionDays, maxBytes }: RetentionOptions,
  close: (path: string) => void,
): RetentionResult {
  const today = dayOf(Date.now());
  const files = listDayFiles(folder).map((file) => ({ file, bytes: bytesOf(file) }));
  const deleted: DayFile[] = [];
  let bytes = files.reduce((sum, one) => sum + one.bytes, 0);

  for (const { file, bytes: ofFile } of files.reverse()) {
    const isOver = file.day <= today - retentionDays;

    if (isOver || (bytes > maxBytes && file.day < today)) {
      close(file.path);
      deleteDayFile(file);
      deleted.push(file);
      bytes -= ofFile;
    }
  }

  return { deleted, isFull: bytes > maxBytes };
}
