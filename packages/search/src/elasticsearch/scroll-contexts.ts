import { Deadline } from '@ks-apiserver/apimachinery/transport/deadline';
import type { SearchCluster } from './cluster.ts';

/** How long a context stays open after it was used, as it is sent. */
export const SCROLL_TIME = '60000ms';
const SCROLL_MS = 60_000;

/** Contexts that are left to expire by themselves before they are closed together. */
const MAX_LEFT = 32;

/** How long closing may take, in milliseconds. */
const CLOSE_TIMEOUT_MS = 10_000;

/** Closes search contexts that scrolls have opened: a server has room for a few hundred. */
export class ScrollContexts {
  readonly #cluster: SearchCluster;
  #left: { readonly id: string; readonly expires: number }[] = [];

  constructor(cluster: SearchCluster) {
    this.#cluster = cluster;
  }

  /** Leaves a context that is not used again to expire, unless there are many by now. */
  leave(id: string): void {
    if (id === '') {
      return;
    }

    this.#left.push({ id, expires: Date.now() + SCROLL_MS });
    this.#left = this.#left.filter(({ expires }) => expires > Date.now());

    if (this.#left.length >= MAX_LEFT) {
      void this.#close([]);
    }
  }

  /** Closes a context, and those that were left. Never rejects. */
  async close(id: string): Promise<void> {
    if (id !== '') {
      await this.#close([id]);
    }
  }

  async #close(ids: readonly string[]): Promise<void> {
    const all = [...ids, ...this.#left.splice(0).map(({ id }) => id)];
    const deadline = new Deadline(CLOSE_TIMEOUT_MS);
    const path = '/_search/scroll';

    try {
      await this.#cluster.search(
        { method: 'DELETE', path, body: { scroll_id: all } },
        deadline.signal,
      );
    } catch {
      // A context that cannot be closed expires.
    } finally {
      deadline.end();
    }
  }
}
