import { expired, type StatusError, toStatusError } from '@ks-apiserver/apimachinery/meta/errors';
import {
  type ClusterListCall,
  ClusterLists,
  type ClusterListsDependencies,
} from './cluster-lists.ts';
import { ClusterPages } from './cluster-pages.ts';
import { accessKey, type ClusterSources } from './cluster-source.ts';

/** Options of lists of several clusters; times in milliseconds. */
export interface ClusterSearchOptions {
  /** How long an answer waits for clusters that have not been read yet. */
  waitMs?: number;
  /** How often a live list is compared with what a new one would have. */
  againMs?: number;
}

/** How often a live list is compared with what a new one would have, in milliseconds. */
const AGAIN_MS = 10_000;

/** Returns a text that is equal while the same clusters have a list, and show the same of it. */
function signatureOf({ sources }: ClusterSources): string {
  return JSON.stringify(sources.map(({ cluster, access }) => [cluster, accessKey(access)]));
}

/** One search over all clusters: which lists it has, and their common pages. */
export class ClusterSearch {
  readonly lists: ClusterLists;
  readonly pages = new ClusterPages();
  readonly #againMs: number;

  constructor(dependencies: ClusterListsDependencies, options: ClusterSearchOptions = {}) {
    this.lists = new ClusterLists(dependencies, options);
    this.#againMs = options.againMs ?? AGAIN_MS;
  }

  /**
   * Tells, whenever it is asked, why a live list must begin again: clusters have come, or answer
   * now, or show the caller more or less; undefined while a new list would be the same.
   */
  changeCheck(call: ClusterListCall, opened: ClusterSources): () => StatusError | undefined {
    const first = signatureOf(opened);
    let error: StatusError | undefined;
    let isLooking = false;
    let lookedAt = performance.now();

    const look = async () => {
      try {
        const now = await this.lists.open(call);
        now.release();

        if (signatureOf(now) !== first) {
          error = expired('other clusters have this list now: begin again without resourceVersion');
        }
      } catch (failure) {
        error = toStatusError(failure);
      } finally {
        isLooking = false;
        lookedAt = performance.now();
      }
    };

    return () => {
      if (!isLooking && !error && performance.now() - lookedAt > this.#againMs) {
        isLooking = true;
        void look();
      }

      return error;
    };
  }
}
