import { readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** The log of a window, or a part of it: each start of the server begins another. */
export interface LogName {
  readonly kind: 'log';
  readonly path: string;
  readonly start: number;
  readonly window: number;
  readonly part: number;
}

/** A block. */
export interface BlockName {
  readonly kind: 'block';
  readonly path: string;
  readonly start: number;
  readonly window: number;
}

/** A file of the store. */
export type DataFile = LogName | BlockName;

const NAME = /^(\d{1,16})-(\d{1,12})(?:-(\d{1,12})\.wal|\.block)$/;

/** Ending of files that were set aside because they are damaged. */
const DAMAGED = '.damaged';

function parseName(directory: string, name: string): DataFile | undefined {
  const [matched, start, window, part] = NAME.exec(name) ?? [];
  if (matched === undefined) {
    return undefined;
  }

  const place = { path: join(directory, name), start: Number(start), window: Number(window) };

  return part === undefined
    ? { kind: 'block', ...place }
    : { kind: 'log', ...place, part: Number(part) };
}

/** Returns the files of a store: logs and blocks, in the order of their windows and parts. */
export function listDataFiles(directory: string): DataFile[] {
  const partOf = (file: DataFile) => (file.kind === 'log' ? file.part : 0);

  return readdirSync(directory)
    .map((name) => parseName(directory, name))
    .filter((file) => file !== undefined)
    .sort((a, b) => a.window - b.window || partOf(a) - partOf(b));
}

/** Deletes files of the directory that have an ending: those of writes that were interrupted. */
export function deleteByEnding(directory: string, ending: string): void {
  for (const name of readdirSync(directory)) {
    if (name.endsWith(ending)) {
      rmSync(join(directory, name), { force: true });
    }
  }
}

/** Returns the path of a window's block. */
export function blockPath(directory: string, window: { start: number; id: number }): string {
  return join(directory, `${window.start}-${window.id}.block`);
}

/** Returns the path of a part of a window's log. */
export function logPath(
  directory: string,
  window: { start: number; id: number },
  part: number,
): string {
  return join(directory, `${window.start}-${window.id}-${part}.wal`);
}

/** Renames a damaged file, so that it is not read any more; returns its new path. */
export function setAside(path: string): string {
  renameSync(path, path + DAMAGED);
  return path + DAMAGED;
}
