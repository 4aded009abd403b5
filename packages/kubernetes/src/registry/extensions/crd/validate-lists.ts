import type { StatusCause } from '@ks-apiserver/apimachinery/meta/errors';
import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import {
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '@ks-apiserver/apimachinery/validation/field';
import { MAX_CAUSES, repetition } from '../../validation/causes.ts';

const LIST_TYPES = ['atomic', 'set', 'map'];
const MAP_TYPES = ['atomic', 'granular'];

function requireType(
  schema: Schema,
  field: string,
  wanted: 'array' | 'object',
  because: string,
): StatusCause[] {
  if (schema.type === wanted) {
    return [];
  }

  const why = `must be ${wanted} if ${because} is specified`;

  return [
    schema.type === undefined
      ? required(`${field}.type`, why)
      : invalidValue(`${field}.type`, schema.type, why),
  ];
}

function setCauses(items: Schema | undefined, field: string): StatusCause[] {
  const why = 'must be atomic as item of a list with x-kubernetes-list-type=set';
  const shown = items?.['x-kubernetes-list-type'] ?? null;
  if (items?.type === 'array' && shown !== null && shown !== 'atomic') {
    return [invalidValue(`${field}.items.x-kubernetes-list-type`, shown, why)];
  }
  if (items?.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic') {
    return [invalidValue(`${field}.items.x-kubernetes-map-type`, shown, why)];
  }

  return [];
}

function mapCauses(schema: Schema, field: string, keys: readonly string[]): StatusCause[] {
  const { items } = schema;
  if (!items) {
    return [required(`${field}.items`, 'must have a schema if x-kubernetes-list-type is map')];
  }

  const causes: StatusCause[] = [];

  if (items.type !== 'object') {
    const why = "must be object if parent array's x-kubernetes-list-type is map";
    causes.push(invalidValue(`${field}.items.type`, items.type ?? '', why));
    return causes;
  }

  const isRepeated = repetition();
  const isRequired = new Set(items.required);

  for (const key of keys) {
    if (causes.length >= MAX_CAUSES) {
      return causes;
    }

    const at = `${field}.x-kubernetes-list-map-keys`;
    const property = items.properties?.[key];
    if (!property) {
      causes.push(invalidValue(at, keys, 'entries must all be names of item properties'));
    } else if (property.type === 'array' || property.type === 'object') {
      const why = "must be a scalar type if parent array's x-kubernetes-list-type is map";
      causes.push(invalidValue(`${field}.items.properties[${key}].type`, items.type, why));
    }

    if (isRepeated(key)) {
      causes.push(invalidValue(at, keys, 'must not contain duplicate entries'));
    }
  }

  if (items.nullable) {
    causes.push(
      forbiddenField(
        `${field}.items.nullable`,
        'cannot be nullable when x-kubernetes-list-type is map',
      ),
    );
  }

  for (const key of keys) {
    const property = items.properties?.[key];
    if (!property) {
      continue;
    }

    const at = `${field}.items.properties[${key}]`;

    if (property.default === undefined && !isRequired.has(key)) {
      const why =
        'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property';
      causes.push(required(`${at}.default`, why));
    }

    if (property.nullable) {
      const why = 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable';
      causes.push(forbiddenField(`${at}.nullable`, why));
    }
  }

  return causes;
}

/** What is wrong with the list and map types of one schema (apiextensions validation). */
export function listCauses(schema: Schema, field: string): StatusCause[] {
  const listType = schema['x-kubernetes-list-type'];
  const mapType = schema['x-kubernetes-map-type'];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const causes: StatusCause[] = [];

  if (mapType !== undefined) {
    causes.push(...requireType(schema, field, 'object', 'x-kubernetes-map-type'));
    if (!MAP_TYPES.includes(mapType)) {
      causes.push(notSupported(`${field}.x-kubernetes-map-type`, mapType, MAP_TYPES));
    }
  }

  if (listType !== undefined) {
    causes.push(...requireType(schema, field, 'array', 'x-kubernetes-list-type'));

    if (listType === 'set' && schema.type === 'array') {
      causes.push(...setCauses(schema.items, field));
    }
    if (!LIST_TYPES.includes(listType)) {
      causes.push(notSupported(`${field}.x-kubernetes-list-type`, listType, LIST_TYPES));
    }
  }

  if (keys.length > 0 && listType !== 'map') {
    const why = 'must be map if x-kubernetes-list-map-keys is non-empty';
    const at = `${field}.x-kubernetes-list-type`;
    causes.push(listType === undefined ? required(at, why) : invalidValue(at, listType, why));
  }

  if (listType !== 'map' || schema.type !== 'array') {
    return causes;
  }

  if (keys.length === 0) {
    causes.push(
      required(
        `${field}.x-kubernetes-list-map-keys`,
        'must not be empty if x-kubernetes-list-type is map',
      ),
    );
  }

  return [...causes, ...mapCauses(schema, field, keys)];
}
