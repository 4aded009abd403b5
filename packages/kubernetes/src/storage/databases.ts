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

/** Opens the maps of a directory, which LMDB makes where they are missing unless it only reads. */
export function openDatabases(path: string, { readOnly = false, fsync = true } = {}): Databases {
  const root = open<Buffer, string>({
    path,
    noSubdir: false,
    maxDbs: 8,
    readOnly,
    // A commit returns only after its fsync, so that nothing can be read that could be lost.
    overlappingSync: false,
    noSync: !fsync,
    // Every commit is one batch: further batching would only add promises that nobody waits for.
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
