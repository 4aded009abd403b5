/** A document that is to be stored. */
export interface Pending<T> {
  readonly document: T;
  /** By which a document is recognised that comes again; undefined if it is stored each time. */
  readonly hash: number | undefined;
}

/** Writes documents of one kind and day into their file. */
export interface DayWriter<T> {
  /**
   * Stores documents in one transaction, those that were stored before excepted. When it returns,
   * they are kept.
   */
  append(documents: readonly Pending<T>[]): void;
  close(): void;
}
