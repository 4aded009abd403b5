import { type Database, open, type RootDatabase } from 'lmdb';

/** Key of the newest revision in `meta`. */
export const REVISION = 'revision';

/** The maps of a storage directory. */
export interface Databases {
  root: RootDatabase<Buffer, string>;
  objects: Database<Buffer, string>;
  log: Database<Buffer, number>;
  meta: Database<number, string>;
}

/** Opens the maps of a directory; LMDB creates missing ones unless it is read-only. */
export function openDatabases(path: string, { readOnly = false, fsync = true } = {}): Databases {
  const root = open<Buffer, string>({
    path,
    noSubdir: false,
    maxDbs: 8,
    readOnly,
    // A commit returns only after its fsync, so that no reader sees what could be lost.
    overlappingSync: false,
    noSync: !fsync,
    // Every commit is one batch: lmdb's own batching would only add promises.
    eventTurnBatching: false,
    encoding: 'binary',
  });

  return {
    root,
    objects: root.openDB<Buffer, string>({ name: 'objects', encoding: 'binary' }),
    log: root.openDB<Buffer, number>({ name: 'log', encoding: 'binary' }),
    meta: root.openDB<number, string>({ name: 'meta', encoding: 'json' }),
  };
}
