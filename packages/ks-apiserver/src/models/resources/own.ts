/**
 * What a table itself has under a key that a caller chose; undefined for none, and for what all
 * objects inherit.
 */
export function own<T>(table: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return table && Object.hasOwn(table, key) ? table[key] : undefined;
}
