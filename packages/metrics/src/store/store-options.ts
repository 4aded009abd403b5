/** Takes what an operator should know: corrupt files, a full disk, limits that were reached. */
export interface StoreLog {
  warn: (message: string) => void;
  info: (message: string) => void;
}

/** How a store works. */
export interface StoreOptions {
  /** Directory of the store's own; it is made where it does not exist. */
  readonly directory: string;
  readonly log: StoreLog;
  /** How long samples are kept, in milliseconds; 7 days by default. */
  readonly retentionMs?: number;
  /** How many bytes all blocks may have; 2 GiB by default. */
  readonly retentionBytes?: number;
  /** Most series of two hours; more are refused. 500,000 by default. */
  readonly maxSeries?: number;
  /** Bytes of memory for the indexes of blocks; 64 MiB by default. */
  readonly indexCacheBytes?: number;
  /** The time in milliseconds since 1970. */
  readonly now?: () => number;
}

/** Defaults of a store. */
export const DEFAULTS = {
  retentionMs: 7 * 24 * 3_600_000,
  retentionBytes: 2 * 1024 ** 3,
  maxSeries: 500_000,
  indexCacheBytes: 64 * 1024 ** 2,
} as const;
