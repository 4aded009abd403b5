import { isObject, type JsonObject } from '../../json/json.ts';
import type { Schema } from '../../schema/schema.ts';
import { FieldSet, schemaAt } from './field-set.ts';
import { grouped, isEmpty, relation } from './list-elements.ts';

function addFields(set: FieldSet, value: unknown, schema: Schema | undefined): void {
  switch (relation(schema, value)) {
    case 'leaf':
      set.member = true;
      break;
    case 'map':
      for (const [key, item] of Object.entries(value as JsonObject)) {
        const edge = `f:${key}`;
        const child = set.at(edge);

        addFields(child, item, schemaAt(schema, edge));

        const named = schema?.properties !== undefined && Object.hasOwn(schema.properties, key);
        if (item === null || !named || (isObject(item) && isEmpty(item))) {
          child.member = true;
        }
        if (child.empty) {
          set.drop(edge);
        }
      }

      break;
    case 'list':
      for (const [edge, items] of grouped(value as unknown[], schema)) {
        const child = set.at(edge);
        // Of several elements with one key nobody owns single fields, only all of them together.
        if (items.length === 1) {
          addFields(child, items[0], schema?.items);
        }

        child.member = true;
      }
  }
}

/** Returns all fields of a configuration, as its applier owns them. */
export function fieldSetOf(value: unknown, schema: Schema | undefined): FieldSet {
  const set = new FieldSet();
  addFields(set, value, schema);
  set.member = false;
  return set;
}
