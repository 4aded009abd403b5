import type { Catalog } from './catalog.ts';
import type { ResourceDefinition } from './definition.ts';

/** A row that the table is known to have. Throws a TypeError for a name that is in no row. */
export function rowOf(catalog: Catalog, name: string): ResourceDefinition {
  const row = catalog.find(name);
  if (!row) {
    throw new TypeError(`no resource ${name} in the table`);
  }

  return row;
}
