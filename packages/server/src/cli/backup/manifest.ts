import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { BUILD } from '../../config/build.ts';
import { ConfigError } from '../../config/config.ts';

/** Name of the manifest inside a backup. */
const NAME = 'backup.json';
const FORMAT = 2;

/** The first format: its manifest has no digest of its own. */
const WITHOUT_DIGEST = 1;

/** The manifest of a backup. */
export interface Manifest {
  format: number;
  /** Version of the server that made it. */
  version: string;
  /** When it was made (RFC 3339). */
  created: string;
  /** The resourceVersion of the state in the backup. */
  revision: number;
  objects: number;
  /** SHA-256 in hex of each file, by its path in the data directory. */
  files: Record<string, string>;
  /** SHA-256 in hex of the manifest itself, without this field. */
  digest?: string;
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** Returns the digest of a manifest's content. */
function digestOf({ digest: _, ...said }: Manifest): string {
  return createHash('sha256').update(JSON.stringify(said)).digest('hex');
}

/** Returns all files below a directory, as paths from there. */
export async function filesBelow(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true });
  const files: string[] = [];

  for (const entry of entries.sort()) {
    if ((await stat(join(dir, entry))).isFile()) {
      files.push(entry);
    }
  }

  return files;
}

/** Writes the manifest of a directory's files into it. */
export async function writeManifest(
  dir: string,
  state: { revision: number; objects: number },
): Promise<Manifest> {
  const files: Record<string, string> = {};

  for (const file of await filesBelow(dir)) {
    files[file] = await sha256(join(dir, file));
  }

  const created = new Date().toISOString();
  const said: Manifest = { format: FORMAT, version: BUILD.gitVersion, created, ...state, files };
  const manifest = { ...said, digest: digestOf(said) };

  await writeFile(join(dir, NAME), `${JSON.stringify(manifest, undefined, 2)}\n`, { mode: 0o600 });

  return manifest;
}

/**
 * Checks an unpacked backup against its manifest. Throws a ConfigError when it is incomplete or no
 * backup of this server.
 */
export async function checkManifest(dir: string, file: string): Promise<Manifest> {
  const broken = (why: string) =>
    new ConfigError(`${file} cannot be restored: ${why}; take another backup`);
  let manifest: Manifest;

  try {
    manifest = JSON.parse(await readFile(join(dir, NAME), 'utf8')) as Manifest;
  } catch {
    throw broken(`it is not a backup of ks-apiserver, or truncated`);
  }

  if (manifest.format !== FORMAT && manifest.format !== WITHOUT_DIGEST) {
    throw broken(`it has the format ${manifest.format}, this version reads ${FORMAT}`);
  }

  if (manifest.format === FORMAT && manifest.digest !== digestOf(manifest)) {
    throw broken(`the checksum of ${NAME} is wrong`);
  }

  const found = (await filesBelow(dir)).filter((name) => name !== NAME);
  const missing = Object.keys(manifest.files).filter((name) => !found.includes(name));
  if (missing.length > 0) {
    throw broken(`${missing.join(', ')} is missing in it`);
  }

  for (const name of found) {
    if (manifest.files[name] !== (await sha256(join(dir, name)))) {
      throw broken(`the checksum of ${name} is wrong`);
    }
  }

  return manifest;
}
