import { rmSync } from 'node:fs';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { Block } from './block/block.ts';
import type { BlockIndex } from './block/block-index.ts';
import { SizedCache } from './block/sized-cache.ts';
import { type BlockName, setAside } from './files/data-files.ts';
import type { StoreLog } from './store-options.ts';
import { overlaps, type TimeRange } from './time-range.ts';

/** The blocks of a store. A damaged one is set aside and reported; the others are not affected. */
export class BlockSet {
  readonly #indexes: SizedCache<Block, BlockIndex>;
  readonly #log: StoreLog;
  readonly #reported = new WeakSet<Block>();
  #blocks: Block[] = [];

  constructor({ indexCacheBytes, log }: { indexCacheBytes: number; log: StoreLog }) {
    this.#indexes = new SizedCache(indexCacheBytes);
    this.#log = log;
  }

  /** Bytes of all blocks. */
  get bytes(): number {
    return this.#blocks.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get size(): number {
    return this.#blocks.length;
  }

  /** Opens a file as a block; returns false if it had to be set aside. */
  add({ path, window }: Pick<BlockName, 'path' | 'window'>): boolean {
    try {
      this.#blocks.push(Block.open({ path, id: window, indexes: this.#indexes }));
      return true;
    } catch (error) {
      this.#report(path, error);
      return false;
    }
  }

  /** Returns the blocks that have samples of a range; they stay open until each is released. */
  retain(range: TimeRange): Block[] {
    const blocks = this.#blocks.filter((block) => overlaps(block.range, range));

    for (const block of blocks) {
      block.retain();
    }

    return blocks;
  }

  /** Returns the index of a block; undefined if it is damaged: then the block is set aside. */
  indexOf(block: Block): BlockIndex | undefined {
    try {
      return block.index;
    } catch (error) {
      this.#remove(block);
      this.#report(block.path, error);
      return undefined;
    }
  }

  /** Reports series of a block whose samples are damaged, once a block. */
  reportDamage(block: Block, series: number): void {
    if (!this.#reported.has(block)) {
      this.#reported.add(block);
      this.#log.warn(`samples of ${series} series of the block ${block.path} are damaged`);
    }
  }

  /** Deletes blocks that end before a time, and the oldest ones while all are larger than allowed. */
  prune({ before, bytes }: { before: number; bytes: number }): void {
    const byAge = [...this.#blocks].sort((a, b) => a.range.end - b.range.end || a.id - b.id);

    for (const block of byAge) {
      if (block.range.end >= before && this.bytes <= bytes) {
        return;
      }

      this.#remove(block);
      rmSync(block.path, { force: true });
    }
  }

  close(): void {
    for (const block of this.#blocks.splice(0)) {
      block.release();
    }
  }

  #remove(block: Block): void {
    if (this.#blocks.includes(block)) {
      this.#blocks = this.#blocks.filter((one) => one !== block);
      block.release();
    }
  }

  #report(path: string, error: unknown): void {
    try {
      this.#log.warn(`the block ${setAside(path)} is left out: ${messageOf(error)}`);
    } catch (failure) {
      this.#log.warn(`the block ${path} is left out: ${messageOf(error)}, ${messageOf(failure)}`);
    }
  }
}
