import { ClusterLists, type ClusterListsDependencies } from './cluster-lists.ts';
import { ClusterPages } from './cluster-pages.ts';

/** Options of lists of several clusters; times in milliseconds. */
export interface ClusterSearchOptions {
  /** How long an answer waits for clusters that have not been read yet. */
  waitMs?: number;
}

/** One search over all clusters: which lists it has, and their common pages. */
export class ClusterSearch {
  readonly lists: ClusterLists;
  readonly pages = new ClusterPages();

  constructor(dependencies: ClusterListsDependencies, options: ClusterSearchOptions = {}) {
    this.lists = new ClusterLists(dependencies, options);
  }
}
