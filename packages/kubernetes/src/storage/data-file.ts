import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

// The layout of LMDB's data file as lmdb 3 writes it on 64-bit machines (little-endian): page
// header: number (8) | transaction (8) | pad (2) | flags (2) | lower, upper (2 + 2) or overflow
// pages (4)
const HEADER = 24;
const BRANCH = 0x01;
const LEAF = 0x02;
const OVERFLOW = 0x04;
const META = 0x08;

/** Node flags: the value is on overflow pages; the value describes a named map. */
const BIG = 0x01;
const SUB = 0x02;
const NODE = 8;
const MAGIC = 0xbeefc0de;
const NO_PAGE = 0xffff_ffff_ffff_ffffn;

/** Offsets of the two trees of the environment in a meta page: free pages, then named maps. */
const FREE_TREE = HEADER + 24;
const MAIN_TREE = FREE_TREE + 48;
const LAST_PAGE = MAIN_TREE + 48;
const MIN_PAGE = 512;
const MAX_PAGE = 32_768;
const MAX_DEPTH = 32;

/** Bytes that are read at once where values follow each other. */
const WINDOW_BYTES = 4 * 1024 ** 2;

/**
 * A data file that does not have the contents that were written; the message completes "the data
 * file is damaged: ".
 */
export class DamagedFile extends Error {}

interface Tree {
  depth: number;
  branchPages: bigint;
  leafPages: bigint;
  overflowPages: bigint;
  entries: bigint;
  root: bigint;
}

/** A key of a named map, with its value. */
export interface KeyValue {
  key: Buffer;
  /**
   * Reads the value if it is not on the page of its key; the bytes are valid until the next value
   * is read.
   */
  value: () => Buffer;
}

/** A key whose value is on overflow pages. */
interface OverflowKeyValue extends KeyValue {
  page: number;
}

function treeAt(bytes: Buffer, at: number): Tree {
  return {
    depth: bytes.readUInt16LE(at + 6),
    branchPages: bytes.readBigUInt64LE(at + 8),
    leafPages: bytes.readBigUInt64LE(at + 16),
    overflowPages: bytes.readBigUInt64LE(at + 24),
    entries: bytes.readBigUInt64LE(at + 32),
    root: bytes.readBigUInt64LE(at + 40),
  };
}

/**
 * Reads an LMDB data file without mapping it: for missing or invalid pages the library would be
 * killed by a signal, or read data that was never written. Every page that the newest commit refers
 * to must exist, be of the expected type, and be neither used twice nor listed as free.
 */
export class DataFile {
  readonly #fd: number;
  readonly #size: number;
  readonly #pageSize: number;
  readonly #transaction: bigint;
  readonly #lastPage: number;
  readonly #main: Tree;
  readonly #free: Tree;
  /** A bit for each page that is in use. */
  readonly #used: Uint8Array;
  /** A part of the file, from offset `at` on. */
  #window: { at: number; bytes: Buffer } | undefined;

  /** Opens the file; throws DamagedFile, or an Error of the file system. */
  constructor(path: string) {
    this.#fd = openSync(path, 'r');

    try {
      this.#size = fstatSync(this.#fd).size;

      const first = this.#meta(0);
      this.#pageSize = first.readUInt32LE(FREE_TREE);

      if (this.#pageSize < MIN_PAGE || this.#pageSize > MAX_PAGE) {
        throw new DamagedFile('its page size is impossible');
      }

      const second = this.#meta(this.#pageSize);
      const transactionOf = (meta: Buffer) => meta.readBigUInt64LE(LAST_PAGE + 8);
      const newest = transactionOf(first) >= transactionOf(second) ? first : second;

      this.#transaction = transactionOf(newest);
      this.#lastPage = Number(newest.readBigUInt64LE(LAST_PAGE));
      this.#main = treeAt(newest, MAIN_TREE);
      this.#free = treeAt(newest, FREE_TREE);

      // Pages at the end may be missing as long as they are free.
      if (this.#lastPage > 2 ** 40 / this.#pageSize) {
        throw new DamagedFile('its number of pages is impossible');
      }

      this.#used = new Uint8Array((this.#lastPage >> 3) + 1);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  /**
   * Visits the entries of each named map in the order of their keys, then those with overflow pages
   * in the order of these pages, so that the file is read from its beginning to its end.
   */
  walk(visit: (map: string, entry: KeyValue) => void): void {
    const maps: [string, Tree][] = [];
    this.#walkTree('the list of maps', this.#main, (entry, flags) => {
      if (flags & SUB) {
        maps.push([name(entry.key), treeAt(entry.value(), 0)]);
      }
    });

    const big: { map: string; entry: OverflowKeyValue }[] = [];

    for (const [map, tree] of maps) {
      this.#walkTree(map, tree, (entry) => {
        if ('page' in entry) {
          big.push({ map, entry });
        } else {
          visit(map, entry);
        }
      });
    }

    big.sort((a, b) => a.entry.page - b.entry.page);

    for (const { map, entry } of big) {
      visit(map, entry);
    }

    const free: Buffer[] = [];
    this.#walkTree('the list of free pages', this.#free, ({ value }) =>
      free.push(Buffer.from(value())),
    );

    for (const list of free) {
      this.#checkFree(list);
    }
  }

  #meta(at: number): Buffer {
    const bytes = this.#read(at, LAST_PAGE + 16, 'a header');
    if (!(bytes.readUInt16LE(18) & META) || bytes.readUInt32LE(HEADER) !== MAGIC) {
      throw new DamagedFile('its header is not one of a data file');
    }

    return bytes;
  }

  #read(at: number, length: number, what: string): Buffer {
    const bytes = Buffer.allocUnsafeSlow(length);
    if (at + length > this.#size || readSync(this.#fd, bytes, 0, length, at) !== length) {
      throw new DamagedFile(`it ends at byte ${this.#size}, inside of ${what}`);
    }

    return bytes;
  }

  /** The same, reading ahead for the bytes that follow; the result is valid until the next call. */
  #readAhead(at: number, length: number, what: string): Buffer {
    if (length > WINDOW_BYTES) {
      return this.#read(at, length, what);
    }

    let window = this.#window;
    if (!window || at < window.at || at + length > window.at + window.bytes.byteLength) {
      const space = window?.bytes.buffer ?? new ArrayBuffer(WINDOW_BYTES);

      const bytes = Buffer.from(
        space,
        0,
        readSync(this.#fd, Buffer.from(space), 0, WINDOW_BYTES, at),
      );

      if (bytes.byteLength < length) {
        throw new DamagedFile(`it ends at byte ${this.#size}, inside of ${what}`);
      }

      window = { at, bytes };
      this.#window = window;
    }

    return window.bytes.subarray(at - window.at, at - window.at + length);
  }

  #take(page: number, count: number, what: string): void {
    if (page < 2 || page + count - 1 > this.#lastPage) {
      throw new DamagedFile(`${what} points to page ${page}`);
    }

    for (let at = page; at < page + count; at++) {
      const bits = this.#used[at >> 3] ?? 0;
      if (bits & (1 << (at & 7))) {
        throw new DamagedFile(`page ${at} is used twice, in ${what} too`);
      }
      this.#used[at >> 3] = bits | (1 << (at & 7));
    }
  }

  /** The bytes of `count` pages that must begin with a header of `flags`. */
  #page(number: bigint, count: number, flags: number, what: string): Buffer {
    const page = Number(number);
    this.#take(page, count, what);

    const bytes = this.#read(page * this.#pageSize, count * this.#pageSize, what);
    if (
      bytes.readBigUInt64LE(0) !== number ||
      bytes.readBigUInt64LE(8) > this.#transaction ||
      !(bytes.readUInt16LE(18) & flags)
    ) {
      throw new DamagedFile(`page ${page} of ${what} holds something else`);
    }

    return bytes;
  }

  #walkTree(
    what: string,
    tree: Tree,
    visit: (entry: KeyValue | OverflowKeyValue, flags: number) => void,
  ): void {
    const seen = { branchPages: 0n, leafPages: 0n, overflowPages: 0n, entries: 0n };
    let before: Buffer | undefined;

    const down = (number: bigint, depth: number): void => {
      if (depth > MAX_DEPTH) {
        throw new DamagedFile(`${what} is too deep`);
      }

      const page = this.#page(number, 1, depth === tree.depth ? LEAF : BRANCH, what);
      const isLeaf = depth === tree.depth;
      if (isLeaf) {
        seen.leafPages++;
      } else {
        seen.branchPages++;
      }

      for (const at of this.#nodes(page, number, what)) {
        const flags = page.readUInt16LE(at + 4);
        const keyEnd = at + NODE + page.readUInt16LE(at + 6);
        const low = page.readUInt32LE(at);

        if (!isLeaf) {
          down(BigInt(low) + (BigInt(flags) << 32n), depth + 1);
          continue;
        }

        const key = page.subarray(at + NODE, keyEnd);
        if (before && tree !== this.#free && Buffer.compare(before, key) >= 0) {
          throw new DamagedFile(`the keys of ${what} are not in order`);
        }

        before = key;
        seen.entries++;

        const length = flags & BIG ? 24 : low;
        if (keyEnd + length > this.#pageSize) {
          throw new DamagedFile(`page ${number} of ${what} is cut off`);
        }

        if (flags & BIG) {
          const count = Number(page.readBigUInt64LE(keyEnd + 16));
          seen.overflowPages += BigInt(count);
          visit({ key, ...this.#overflow(page.readBigUInt64LE(keyEnd), count, low, what) }, flags);
        } else {
          visit({ key, value: () => page.subarray(keyEnd, keyEnd + low) }, flags);
        }
      }
    };

    if (tree.root !== NO_PAGE) {
      down(tree.root, 1);
    }

    for (const count of ['branchPages', 'leafPages', 'overflowPages', 'entries'] as const) {
      if (seen[count] !== tree[count]) {
        throw new DamagedFile(`${what} has ${seen[count]} ${count}, not ${tree[count]}`);
      }
    }
  }

  /** The offsets of the nodes in a page. */
  #nodes(page: Buffer, number: bigint, what: string): number[] {
    const count = page.readUInt16LE(20) >> 1;
    const damaged = () => new DamagedFile(`page ${number} of ${what} has impossible entries`);

    if (count === 0 || HEADER + 2 * count > this.#pageSize) {
      throw damaged();
    }

    return Array.from({ length: count }, (_, i) => {
      const at = HEADER + page.readUInt16LE(HEADER + 2 * i);
      if (at < HEADER + 2 * count || at + NODE > this.#pageSize) {
        throw damaged();
      }
      if (at + NODE + page.readUInt16LE(at + 6) > this.#pageSize) {
        throw damaged();
      }

      return at;
    });
  }

  #overflow(
    number: bigint,
    count: number,
    length: number,
    what: string,
  ): Omit<OverflowKeyValue, 'key'> {
    const page = Number(number);
    this.#take(page, count, what);

    const from = page * this.#pageSize;

    if (HEADER + length > count * this.#pageSize) {
      throw new DamagedFile(`page ${page} of ${what} is cut off`);
    }
    if (from + HEADER + length > this.#size) {
      throw new DamagedFile(`it ends at byte ${this.#size}, inside of page ${page} of ${what}`);
    }

    const value = () => {
      const bytes = this.#readAhead(from, HEADER + length, what);
      if (bytes.readBigUInt64LE(0) !== number || !(bytes.readUInt16LE(18) & OVERFLOW)) {
        throw new DamagedFile(`page ${page} of ${what} holds something else`);
      }

      return bytes.subarray(HEADER);
    };

    return { page, value };
  }

  /**
   * Checks a list of free pages: its length, then page numbers, with `-n, p` for the n pages from p
   * on, and zeros for none.
   */
  #checkFree(list: Buffer): void {
    const what = 'the list of free pages';
    const length = list.byteLength >= 8 ? Number(list.readBigInt64LE(0)) : -1;
    if (length < 0 || 8 * (length + 1) > list.byteLength) {
      throw new DamagedFile(`${what} is cut off`);
    }

    for (let i = 1; i <= length; i++) {
      const number = Number(list.readBigInt64LE(8 * i));
      if (number > 0) {
        this.#take(number, 1, what);
      } else if (number < 0 && i < length) {
        this.#take(Number(list.readBigInt64LE(8 * ++i)), -number, what);
      } else if (number < 0) {
        throw new DamagedFile(`${what} is cut off`);
      }
    }
  }
}

/** A key as text; the library ends keys with zeros in places. */
export function name(key: Buffer): string {
  let end = key.byteLength;
  while (end > 0 && key[end - 1] === 0) {
    end--;
  }

  return key.toString('utf8', 0, end);
}
