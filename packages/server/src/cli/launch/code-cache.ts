import { isAscii } from 'node:buffer';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import Module from 'node:module';
import { dirname } from 'node:path';
import { Script } from 'node:vm';
import { crc32 } from 'node:zlib';

/**
 * CRC-32 of the text that was compiled, and of what follows: V8 itself compares no more than the
 * text's length.
 */
const HEADER = 8;

const cacheOf = (file: string) => `${file}.cache`;

function readCache(file: string, text: Buffer): Buffer | undefined {
  let bytes: Buffer;

  try {
    bytes = readFileSync(cacheOf(file));
  } catch {
    return undefined;
  }

  if (bytes.byteLength <= HEADER) {
    return undefined;
  }

  const data = bytes.subarray(HEADER);

  return bytes.readUInt32BE(0) === crc32(text) && bytes.readUInt32BE(4) === crc32(data)
    ? data
    : undefined;
}

/**
 * A CommonJS file that was compiled, as far as possible with what was kept of an earlier run (V8's
 * code cache). It must not use `import()`, which Node cannot serve to code that comes out of the
 * cache.
 */
export class CompiledFile {
  readonly #file: string;
  readonly #text: Buffer;
  readonly #script: Script;

  /** Reads and compiles a file; throws a SyntaxError, or an Error of the file system. */
  constructor(file: string) {
    this.#file = file;
    this.#text = readFileSync(file);

    const cachedData = readCache(file, this.#text);

    // Far quicker than to look for characters of several bytes, which a bundle has none of.
    const text = this.#text.toString(isAscii(this.#text) ? 'latin1' : 'utf8');
    this.#script = new Script(Module.wrap(text), {
      filename: file,
      ...(cachedData && { cachedData }),
    });
  }

  /**
   * True where the code came from the cache: it is there, is of this text, and of this version of
   * V8.
   */
  get isCached(): boolean {
    return this.#script.cachedDataRejected === false;
  }

  /** Runs the file as Node does; answers what it exports. */
  run(): unknown {
    const module = { exports: {} };
    const run = this.#script.runInThisContext() as (...args: unknown[]) => void;
    run.call(
      module.exports,
      module.exports,
      Module.createRequire(this.#file),
      module,
      this.#file,
      dirname(this.#file),
    );

    return module.exports;
  }

  /** Keeps what has been compiled until now beside the file, for the next start. */
  keep(): void {
    const data = this.#script.createCachedData();
    const header = Buffer.alloc(HEADER);

    header.writeUInt32BE(crc32(this.#text), 0);
    header.writeUInt32BE(crc32(data), 4);

    const partial = `${cacheOf(this.#file)}.${process.pid}`;
    writeFileSync(partial, Buffer.concat([header, data]));
    renameSync(partial, cacheOf(this.#file));
  }
}
