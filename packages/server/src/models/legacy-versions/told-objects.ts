import { isObject, type JsonObject } from '@ks-apiserver/apimachinery/json/json';
import { apiVersionOf } from '@ks-apiserver/apimachinery/meta/types';
import type { Fields } from './fields.ts';
import { toLegacyKeeping, toServedKeeping } from './kept-fields.ts';
import type { LegacyKind, Told } from './legacy-kind.ts';

/** An object of the served version, or a part of one, in the older version. */
export function legacyObject({ conversion, legacyIn, servedIn }: Told, object: Fields): Fields {
  const legacy = conversion ? toLegacyKeeping(conversion, object) : object;
  return legacy.apiVersion === servedIn ? { ...legacy, apiVersion: legacyIn } : legacy;
}

/** An object of the older version, or a part of one, in the version that is served. */
export function servedObject({ conversion, legacyIn, servedIn }: Told, object: Fields): Fields {
  const served = conversion ? toServedKeeping(conversion, object) : object;
  return served.apiVersion === legacyIn ? { ...served, apiVersion: servedIn } : served;
}

/** Metadata alone in the older version: what is kept in annotations is not shown there either. */
function legacyMetadata(told: Told, object: Fields): Fields {
  const { metadata = {} } = legacyObject(told, { metadata: object.metadata });
  return { ...object, metadata };
}

/** A Status that names the group of the older version, also in its text. */
function legacyStatus({ group, resource, kind, served }: LegacyKind, status: Fields): Fields {
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
 * Whatever an API answers about a kind, in the older version: an object, a list, a Table, metadata,
 * a Status.
 */
export function legacyAnswer(kind: LegacyKind, told: Told, answer: unknown): unknown {
  if (!isObject(answer)) {
    return answer;
  }

  switch (answer.kind) {
    case 'Status':
      return legacyStatus(kind, answer);
    case 'Table':
    case 'PartialObjectMetadataList':
      return legacyElements(kind, told, answer);
    case 'PartialObjectMetadata':
      return legacyMetadata(told, answer);
    default:
      return Array.isArray(answer.items)
        ? { ...legacyElements(kind, told, answer), apiVersion: told.legacyIn }
        : legacyObject(told, answer);
  }
}

function legacyElements(kind: LegacyKind, told: Told, list: JsonObject): Fields {
  const { items, rows } = list;
  return {
    ...list,
    ...(Array.isArray(items) && { items: items.map((item) => legacyElement(kind, told, item)) }),
    ...(Array.isArray(rows) && { rows: rows.map((row) => legacyElement(kind, told, row)) }),
  };
}

/** One element of a list, or a row of a Table with the object that it is about. */
export function legacyElement(kind: LegacyKind, told: Told, element: unknown): unknown {
  if (isObject(element) && Array.isArray(element.cells)) {
    return isObject(element.object)
      ? { ...element, object: legacyAnswer(kind, told, element.object) }
      : element;
  }

  return legacyAnswer(kind, told, element);
}

/** The members of a list or Table besides its elements. */
export function legacyListFields(kind: LegacyKind, list: Fields): Fields {
  const served = apiVersionOf(kind.served);
  return list.apiVersion === served ? { ...list, apiVersion: apiVersionOf(kind) } : list;
}
