import { readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DOCUMENT_TYPES, type DocumentKind } from '../../query/documents.ts';
import { dayOf, startOfDay } from '../../time/document-ids.ts';

/** What SQLite keeps beside a database. */
const SUFFIXES = ['', '-wal', '-shm'];
const NAME = /^(\w+)-(\d{4}-\d\d-\d\d)\.db$/;

/** The file with the documents of one kind and day. */
export interface DayFile {
  readonly kind: DocumentKind;
  /** Days since 1970, in UTC. */
  readonly day: number;
  readonly path: string;
}

function isKind(text: string): text is DocumentKind {
  return text in DOCUMENT_TYPES;
}

/** Returns the file of a kind and day in a folder. */
export function dayFile(folder: string, kind: DocumentKind, day: number): DayFile {
  const date = new Date(startOfDay(day)).toISOString().slice(0, 10);
  return { kind, day, path: join(folder, `${kind}-${date}.db`) };
}

/** Returns all files of a folder, the newest days first. */
export function listDayFiles(folder: string): DayFile[] {
  const files = readdirSync(folder).flatMap((name) => {
    const [, kind = '', date = ''] = NAME.exec(name) ?? [];
    const day = dayOf(Date.parse(`${date}T00:00:00Z`));

    return isKind(kind) && Number.isInteger(day) ? [dayFile(folder, kind, day)] : [];
  });

  return files.sort((a, b) => b.day - a.day);
}

/** Returns how many bytes a file has on disk. */
export function bytesOf({ path }: DayFile): number {
  return SUFFIXES.reduce(
    (sum, suffix) => sum + (statSync(path + suffix, { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}

/** Deletes a file. */
export function deleteDayFile({ path }: DayFile): void {
  for (const suffix of SUFFIXES.toReversed()) {
    rmSync(path + suffix, { force: true });
  }
}

/** Renames a file that cannot be read, so that its day begins anew; returns its new path. */
export function setAside({ path }: DayFile): string {
  const target = `${path}.corrupt-${Date.now()}`;

  for (const suffix of SUFFIXES) {
    if (statSync(path + suffix, { throwIfNoEntry: false })) {
      renameSync(path + suffix, target + suffix);
    }
  }

  return target;
}
