import { isAscii } from 'node:buffer';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import Module from 'node:module';
import { dirname } from 'node:path';
import { Script } from 'node:vm';
import { crc32 } from 'node:zlib';

/**
 * Checksums (CRC-32) of the source and of the code: V8 itself compares only the length of the
 * source.
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
 * A CommonJS file compiled with V8's code cache of an earlier run, as far as that fits. The file
 * must not use `import()`, which Node cannot serve to cached code.
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

    // Much faster than decoding UTF-8; a bundle has ASCII characters only.
    const text = this.#text.toString(isAscii(this.#text) ? 'latin1' : 'utf8');
    this.#script = new Script(Module.wrap(text), {
      filename: file,
      ...(cachedData && { cachedData }),
    });
  }

  /** Whether the cache exists and belongs to this text and this version of V8. */
  get isCached(): boolean {
    return this.#script.cachedDataRejected === false;
  }

  /** Runs the file as Node does and returns its exports. */
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

  /** Writes the code compiled so far beside the file, for the next start. */
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
