import { isObject, type JsonObject } from '@ks-apiserver/apimachinery/json/json';
import { apiVersionOf } from '@ks-apiserver/apimachinery/meta/types';
import type { Fields } from './fields.ts';
import { convertToLegacy, convertToServed } from './kept-fields.ts';
import type { LegacyKind, VersionMapping } from './legacy-kind.ts';

/** Converts an object of the served version, or a part of one, to the older version. */
export function toLegacyObject(
  { conversion, legacyIn, servedIn }: VersionMapping,
  object: Fields,
): Fields {
  const legacy = conversion ? convertToLegacy(conversion, object) : object;
  return legacy.apiVersion === servedIn ? { ...legacy, apiVersion: legacyIn } : legacy;
}

/** Converts an object of the older version, or a part of one, to the served version. */
export function toServedObject(
  { conversion, legacyIn, servedIn }: VersionMapping,
  object: Fields,
): Fields {
  const served = conversion ? convertToServed(conversion, object) : object;
  return served.apiVersion === legacyIn ? { ...served, apiVersion: servedIn } : served;
}

/** Converts metadata alone; annotations with kept fields are left out there too. */
function toLegacyMetadata(mapping: VersionMapping, object: Fields): Fields {
  const { metadata = {} } = toLegacyObject(mapping, { metadata: object.metadata });
  return { ...object, metadata };
}

/** Names the older version's group in a Status and its message. */
function toLegacyStatus({ group, resource, kind, served }: LegacyKind, status: Fields): Fields {
  const { message, details } = status;
  if (group === served.group || !isObject(details) || details.group !== served.group) {
    return status;
  }

  let text = message;

  for (const name of [resource, kind]) {
    text =
      typeof text === 'string'
        ? text.replaceAll(`${name}.${served.group}`, `${name}.${group}`)
        : text;
  }

  return {
    ...status,
    ...(text !== undefined && { message: text }),
    details: { ...details, group },
  };
}

/**
 * Converts any answer of the API to the older version: an object, a list, a Table, metadata, a
 * Status.
 */
export function toLegacyAnswer(
  kind: LegacyKind,
  mapping: VersionMapping,
  answer: unknown,
): unknown {
  if (!isObject(answer)) {
    return answer;
  }

  switch (answer.kind) {
    case 'Status':
      return toLegacyStatus(kind, answer);
    case 'Table':
    case 'PartialObjectMetadataList':
      return toLegacyElements(kind, mapping, answer);
    case 'PartialObjectMetadata':
      return toLegacyMetadata(mapping, answer);
    default:
      return Array.isArray(answer.items)
        ? { ...toLegacyElements(kind, mapping, answer), apiVersion: mapping.legacyIn }
        : toLegacyObject(mapping, answer);
  }
}

function toLegacyElements(kind: LegacyKind, mapping: VersionMapping, list: JsonObject): Fields {
  const { items, rows } = list;
  return {
    ...list,
    ...(Array.isArray(items) && {
      items: items.map((item) => toLegacyElement(kind, mapping, item)),
    }),
    ...(Array.isArray(rows) && { rows: rows.map((row) => toLegacyElement(kind, mapping, row)) }),
  };
}

/** Converts an element of a list, or a row of a Table with the object that it describes. */
export function toLegacyElement(
  kind: LegacyKind,
  mapping: VersionMapping,
  element: unknown,
): unknown {
  if (isObject(element) && Array.isArray(element.cells)) {
    return isObject(element.object)
      ? { ...element, object: toLegacyAnswer(kind, mapping, element.object) }
      : element;
  }

  return toLegacyAnswer(kind, mapping, element);
}

/** Converts the fields of a list or Table other than its elements. */
export function toLegacyListFields(kind: LegacyKind, list: Fields): Fields {
  const served = apiVersionOf(kind.served);
  return list.apiVersion === served ? { ...list, apiVersion: apiVersionOf(kind) } : list;
}
