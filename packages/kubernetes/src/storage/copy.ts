import { mkdirSync } from 'node:fs';
import { type Contents, checkContents, markUsed } from './contents.ts';
import { openDatabases, REVISION } from './databases.ts';

/**
 * Copies one consistent state of a storage directory into a new one, even while a server writes
 * there, and verifies the copy. Rejects with an Error that says what to do where the original is
 * damaged.
 */
export async function copyStorage(from: string, to: string): Promise<Contents> {
  mkdirSync(to, { recursive: true, mode: 0o700 });

  const { root } = openDatabases(from, { readOnly: true });

  try {
    await root.backup(to, true);
  } finally {
    await root.close();
  }

  const contents = checkContents(to);
  if (!contents) {
    throw new Error(`${from} holds no data`);
  }

  return contents;
}

/**
 * Raises the revision of a storage directory that no process has open, and drops its log. Clients
 * that know newer states than it holds get a 410, instead of their revisions with other states.
 */
export async function skipRevisions(path: string, revision: number): Promise<void> {
  const { root, log, meta } = openDatabases(path);

  try {
    await root.batch(() => {
      for (const old of log.getKeys()) {
        log.remove(old);
      }
      meta.put(REVISION, revision);
    });

    await root.flushed;
    markUsed(path);
  } finally {
    await root.close();
  }
}
