import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';

/** Files of the reference, which scripts/reference.mjs writes, compressed with gzip. */
export const REFERENCE_FILES = {
  'openapi.json': 'application/json',
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'docs.css': 'text/css; charset=utf-8',
  'docs.js': 'text/javascript; charset=utf-8',
} as const;

/** Name of a file of the reference. */
export type ReferenceFile = keyof typeof REFERENCE_FILES;

/** A file as it lies on the disk, and a tag of its content. */
export interface CompressedFile {
  gzipped: Uint8Array;
  etag: string;
}

const decompress = promisify(gunzip);

/** Files that were read. There are five, and they do not change while the server runs. */
const compressed = new Map<ReferenceFile, Promise<CompressedFile>>();
const plain = new Map<ReferenceFile, Promise<Uint8Array>>();

/** Throws an error that says what to do, without the path of the file. */
function throwNotBuilt(): never {
  throw new StatusError(503, 'ServiceUnavailable', 'the reference is not built: npm run build');
}

async function readFromDisk(name: ReferenceFile): Promise<CompressedFile> {
  const file = new URL(`../reference/${name}.gz`, import.meta.url);
  const gzipped = await readFile(file).catch(throwNotBuilt);
  const hash = createHash('sha256').update(gzipped).digest('base64url');

  return { gzipped, etag: `W/"${hash.slice(0, 22)}"` };
}

/** Returns the value of a key; makes it on the first call, and again after a failure. */
function getOrMake<K, V>(map: Map<K, Promise<V>>, key: K, make: () => Promise<V>): Promise<V> {
  let made = map.get(key);

  if (!made) {
    made = make();
    map.set(key, made);
    made.catch(() => map.delete(key));
  }

  return made;
}

/** Returns a file of the reference, compressed. Throws 503 when the build did not write it. */
export function readCompressedFile(name: ReferenceFile): Promise<CompressedFile> {
  return getOrMake(compressed, name, () => readFromDisk(name));
}

/** Returns a file of the reference for callers that do not accept gzip. */
export function readPlainFile(name: ReferenceFile): Promise<Uint8Array> {
  return getOrMake(plain, name, async () => decompress((await readCompressedFile(name)).gzipped));
}
