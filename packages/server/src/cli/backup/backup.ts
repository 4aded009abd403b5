import { randomUUID } from 'node:crypto';
import { cp, mkdir, mkdtemp, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { copyStorage } from '@ks-apiserver/kubernetes/storage/copy';
import { create } from 'tar';
import { ConfigError } from '../../config/config.ts';
import { exists } from '../../embedded/restore-mark.ts';
import { type Manifest, writeManifest } from './manifest.ts';

/**
 * Files of the data directory that are not copied as they are: the objects, which LMDB copies, and
 * the marks of a restore.
 */
const OWN = /^(objects$|\.)|\.tmp$/;

/** Waits until a file, or the list of names of a directory, is on disk. */
export async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');

  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Writes a backup of a data directory, also while a server uses it: one state of all objects, with
 * certificates, keys and secrets. The file appears under its name when it is complete, with mode
 * 0600. Throws a ConfigError for what the operator can correct.
 */
export async function backUp(
  dataDir: string,
  target: string,
  { overwrite }: { overwrite: boolean },
): Promise<Manifest> {
  const file = resolve(target);
  const objects = join(dataDir, 'objects');
  if (!(await exists(join(objects, 'data.mdb')))) {
    throw new ConfigError(
      `${dataDir} holds no data of ks-apiserver (--data-dir chooses another directory)`,
    );
  }

  if (!overwrite && (await exists(file))) {
    throw new ConfigError(`${file} exists (--force writes over it)`);
  }

  await mkdir(dirname(file), { recursive: true });

  const staging = await mkdtemp(join(dirname(file), '.backup-'));
  const packed = join(dirname(file), `.backup-${randomUUID()}.tmp`);

  try {
    const contents = await copyStorage(objects, join(staging, 'objects'));

    await rm(join(staging, 'objects', 'lock.mdb'), { force: true });

    for (const name of await readdir(dataDir)) {
      if (!OWN.test(name)) {
        await cp(join(dataDir, name), join(staging, name), { recursive: true });
      }
    }

    const manifest = await writeManifest(staging, {
      revision: contents.revision,
      objects: contents.objects,
    });

    // Created with its mode, so that nobody can read it while it is written.
    await (await open(packed, 'wx', 0o600)).close();

    await create(
      { file: packed, cwd: staging, gzip: { level: 6 }, portable: true, strict: true },
      await readdir(staging),
    );

    await sync(packed);
    await rename(packed, file);
    await sync(dirname(file));

    return manifest;
  } finally {
    await rm(staging, { recursive: true, force: true });
    await rm(packed, { force: true });
  }
}
