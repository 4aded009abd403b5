import { isKnownFormat } from '@ks-apiserver/apimachinery/schema/formats';
import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import { quote } from '@ks-apiserver/apimachinery/validation/field';
import type { Definition } from './definition.ts';

function isRecognized(type: Schema['type'], format: string): boolean {
  if (type === undefined || type === 'string') {
    return isKnownFormat(format);
  }
  if (type === 'integer') {
    return format === 'int32' || format === 'int64';
  }

  return type === 'number' && (format === 'float' || format === 'double');
}

function collect(schema: Schema, found: Set<string>): void {
  if (schema.format && !isRecognized(schema.type, schema.format)) {
    found.add(schema.format);
  }

  const {
    properties = {},
    items,
    additionalProperties,
    allOf = [],
    anyOf = [],
    oneOf = [],
    not,
  } = schema;

  const inner = [
    ...Object.values(properties),
    items,
    additionalProperties,
    ...allOf,
    ...anyOf,
    ...oneOf,
    not,
  ];

  for (const one of inner) {
    if (typeof one === 'object') {
      collect(one, found);
    }
  }
}

function findUnrecognizedFormats({ spec }: Definition): Set<string> {
  const found = new Set<string>();

  for (const { schema } of spec.versions) {
    if (schema?.openAPIV3Schema) {
      collect(schema.openAPIV3Schema, found);
    }
  }

  return found;
}

/** Warnings about new formats that Kubernetes does not recognize. */
export function formatWarnings(definition: Definition, old: Definition | undefined): string[] {
  const known = old ? findUnrecognizedFormats(old) : new Set<string>();
  return [...findUnrecognizedFormats(definition)]
    .filter((format) => !known.has(format))
    .map((format) => `unrecognized format ${quote(format)}`);
}
