import type { Catalog } from './catalog.ts';
import type { ResourceDefinition } from './definition.ts';

/** A definition that the table is known to have. Throws a TypeError for a name that is in no definition. */
export function requireDefinition(catalog: Catalog, name: string): ResourceDefinition {
  const definition = catalog.find(name);
  if (!definition) {
    throw new TypeError(`no resource ${name} in the table`);
  }

  return definition;
}
