import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { checkContents } from '@ks-apiserver/kubernetes/storage/contents';
import { skipRevisions } from '@ks-apiserver/kubernetes/storage/copy';
import { lockDirectory } from '@ks-apiserver/kubernetes/storage/directory-lock';
import { extract } from 'tar';
import { ConfigError } from '../../config/config.ts';
import { exists, restoreMark } from '../../embedded/restore-mark.ts';
import { sync } from './backup.ts';
import { checkManifest, type Manifest } from './manifest.ts';

const OBJECTS = 'objects';

/**
 * How many resource versions a restore leaves out: more than a server gives out between a backup
 * and its loss.
 */
const SKIPPED = 1_000_000_000;

/**
 * Unpacks a backup into an empty directory and checks every file by its digest. Throws a
 * ConfigError when it is incomplete or no backup of this server.
 */
export async function unpack(file: string, into: string): Promise<Manifest> {
  try {
    // Synchronous, so that an error leaves nothing behind that still writes.
    extract({ file, cwd: into, strict: true, preserveOwner: false, sync: true });
  } catch (error) {
    throw new ConfigError(`${file} cannot be restored: ${messageOf(error)}; take another backup`);
  }

  return checkManifest(into, file);
}

/**
 * Returns the newest resourceVersion of the data that a restore replaces; 0 when there is none, or
 * it cannot be read.
 */
function revisionOf(objects: string): number {
  try {
    return checkContents(objects)?.revision ?? 0;
  } catch {
    return 0;
  }
}

/**
 * Restores a backup into a data directory that no server uses, and that is empty unless `force` is
 * set. Everything is unpacked and checked before anything is replaced. Resource versions continue
 * far above all that clients may have seen. Throws a ConfigError for what the operator can correct.
 */
export async function restore(
  dataDir: string,
  source: string,
  { force }: { force: boolean },
): Promise<Manifest & { next: number }> {
  const file = resolve(source);
  if (!(await exists(file))) {
    throw new ConfigError(`${file} does not exist`);
  }

  const present = (await exists(dataDir)) ? await readdir(dataDir) : [];
  if (present.length > 0 && !force) {
    throw new ConfigError(`${dataDir} is not empty (--force replaces its content)`);
  }

  const objects = join(dataDir, OBJECTS);
  await mkdir(objects, { recursive: true, mode: 0o700 });

  const lock = await lockDirectory(objects).catch((error: Error) => {
    throw new ConfigError(`${error.message}: stop the server first`);
  });

  try {
    for (const name of present.filter((name) => /^\.(restore|replaced)-/.test(name))) {
      await rm(join(dataDir, name), { recursive: true, force: true });
    }

    const staging = await mkdtemp(join(dataDir, '.restore-'));

    try {
      const manifest = await unpack(file, staging);
      const staged = join(staging, OBJECTS);

      checkContents(staged);

      // The time keeps two restores of one backup apart; it need not be exact.
      const next = Math.max(Math.max(manifest.revision, revisionOf(objects)) + SKIPPED, Date.now());
      await skipRevisions(staged, next);
      await exchange(dataDir, staging);

      return { ...manifest, next };
    } finally {
      await rm(staging, { recursive: true, force: true });
    }
  } finally {
    await lock.release();
    if (!(await exists(join(objects, 'data.mdb')))) {
      await rm(objects, { recursive: true, force: true });
    }
  }
}

/**
 * Replaces the present content by the staged one. The mark tells a server that starts meanwhile, or
 * after a crash, that the content is incomplete.
 */
async function exchange(dataDir: string, staging: string): Promise<void> {
  const mark = restoreMark(dataDir);
  await writeFile(mark, '', { mode: 0o600 });
  await sync(dataDir);

  const replaced = await mkdtemp(join(dataDir, '.replaced-'));

  for (const name of await readdir(dataDir)) {
    if (!name.startsWith('.') && name !== OBJECTS) {
      await rename(join(dataDir, name), join(replaced, name));
    }
  }

  for (const name of await readdir(staging)) {
    if (name !== OBJECTS && name !== 'backup.json') {
      await rename(join(staging, name), join(dataDir, name));
    }
  }

  const objects = join(dataDir, OBJECTS);
  for (const name of await readdir(objects)) {
    if (!name.endsWith('.sock')) {
      await rm(join(objects, name));
    }
  }

  for (const name of ['data.mdb', 'in-use']) {
    await rename(join(staging, OBJECTS, name), join(objects, name));
  }

  await sync(objects);
  await sync(dataDir);
  await rm(mark);
  await sync(dataDir);
  await rm(replaced, { recursive: true, force: true });
}
