import { createReadStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BinaryContent, BinaryFile, BinaryKey, BinaryStore } from './binary-store.ts';

/** Names that Kubernetes gives namespaces and objects; none leads out of its folder. */
const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

/** Keeps binaries as files below a folder: `namespace/name`. */
export class FileStore implements BinaryStore {
  readonly #folder: string;

  /** The folder is created with the first binary; files are moved into it. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  async put(key: BinaryKey, { path }: BinaryFile): Promise<void> {
    const target = this.#pathOf(key);

    await mkdir(join(this.#folder, key.namespace), { recursive: true, mode: 0o700 });
    await rename(path, target);
  }

  async link(): Promise<undefined> {
    return undefined;
  }

  async open(key: BinaryKey): Promise<BinaryContent | undefined> {
    const path = this.#pathOf(key);

    try {
      const { size } = await stat(path);
      return { size, body: createReadStream(path) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
        return undefined;
      }

      throw error;
    }
  }

  async delete(key: BinaryKey): Promise<void> {
    await rm(this.#pathOf(key), { force: true });
  }

  async close(): Promise<void> {}

  #pathOf({ namespace, name }: BinaryKey): string {
    if (!NAME.test(namespace) || !NAME.test(name) || `${namespace}${name}`.includes('..')) {
      throw new TypeError(`"${namespace}/${name}" is no name of an object`);
    }

    return join(this.#folder, namespace, name);
  }
}
