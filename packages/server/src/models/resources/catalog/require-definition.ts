import type { Catalog } from './catalog.ts';
import type { ResourceDefinition } from './definition.ts';

/** Returns a definition that must be known. Throws a TypeError for an unknown name. */
export function requireDefinition(catalog: Catalog, name: string): ResourceDefinition {
  const definition = catalog.find(name);
  if (!definition) {
    throw new TypeError(`no resource ${name} in the table`);
  }

  return definition;
}
