import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { Conversion } from '../conversion.ts';
import {
  annotationOf,
  type Fields,
  isAbsent,
  isFields,
  mapFields,
  parseAnnotation,
  withAnnotation,
  withDefaults,
  withField,
} from '../fields.ts';
import { ANY_OBJECT, preservesUnknown, structuralRoot } from './structural-schemas.ts';

/**
 * On stored definitions that preserve unknown fields: the schemas as they were sent, by version;
 * JSON, deflated, in base64.
 */
export const ORIGINAL_SCHEMAS = 'conversion.kubesphere.io/original-schemas';

/**
 * Longest value of that annotation, in characters; Kubernetes allows 256 KiB for all annotations.
 */
const ANNOTATION_LIMIT = 128 * 1024;

/** Largest schemas that are read from it, in bytes. */
const SCHEMAS_LIMIT = 8 * 1024 * 1024;

/**
 * Fields that the older version may have once for all versions, with their names in each version.
 */
const SHARED = [
  ['validation', 'schema'],
  ['subresources', 'subresources'],
  ['additionalPrinterColumns', 'additionalPrinterColumns'],
  ['selectableFields', 'selectableFields'],
] as const;

function renameColumnPath(holder: Fields, from: string, to: string): Fields {
  return mapFields(holder, 'additionalPrinterColumns[]', (column) => {
    const { [from]: path, ...rest } = column;
    return path === undefined ? column : { ...rest, [to]: path };
  });
}

function versionsOf({ versions, version }: Fields): Fields[] {
  const named = Array.isArray(versions) ? versions.filter(isFields) : [];
  if (named.length === 0 && typeof version === 'string' && version !== '') {
    return [{ name: version, served: true, storage: true }];
  }

  return named;
}

/** Returns each version with the fields that are given once for all of them. */
function ownVersions(spec: Fields): Fields[] {
  return versionsOf(spec).map((version) => {
    let own = version;

    for (const [shared, name] of SHARED) {
      own = isAbsent(own[name]) && !isAbsent(spec[shared]) ? { ...own, [name]: spec[shared] } : own;
    }

    return renameColumnPath(own, 'JSONPath', 'jsonPath');
  });
}

const schemaOf = ({ schema }: Fields) => (isFields(schema) ? schema.openAPIV3Schema : undefined);

function withSchema(version: Fields, schema: unknown): Fields {
  return withField(version, 'schema', isAbsent(schema) ? undefined : { openAPIV3Schema: schema });
}

function conversionToServed({
  webhookClientConfig,
  conversionReviewVersions,
  ...conversion
}: Fields): Fields {
  if (isAbsent(webhookClientConfig) && isAbsent(conversionReviewVersions)) {
    return conversion;
  }

  return {
    ...conversion,
    webhook: {
      ...(!isAbsent(webhookClientConfig) && { clientConfig: webhookClientConfig }),
      ...(!isAbsent(conversionReviewVersions) && { conversionReviewVersions }),
    },
  };
}

function conversionToLegacy({ webhook, ...conversion }: Fields): Fields {
  const { clientConfig, conversionReviewVersions } = isFields(webhook) ? webhook : {};
  return {
    ...conversion,
    ...(!isAbsent(clientConfig) && { webhookClientConfig: clientConfig }),
    ...(!isAbsent(conversionReviewVersions) && { conversionReviewVersions }),
  };
}

/** Packs schemas into the annotation. Throws 422 if they are too long. */
function packSchemas(versions: readonly Fields[]): string {
  const schemas = versions.map((version) => [String(version.name), schemaOf(version) ?? null]);
  const text = deflateRawSync(JSON.stringify(Object.fromEntries(schemas))).toString('base64');
  if (text.length > ANNOTATION_LIMIT) {
    throw new StatusError(
      422,
      'Invalid',
      'the schemas are too long to be kept beside those of apiextensions.k8s.io/v1: set spec.preserveUnknownFields to false, or send that version',
    );
  }

  return text;
}

function unpackSchemas(text: string | undefined): Fields | undefined {
  if (text === undefined) {
    return undefined;
  }

  try {
    const json = inflateRawSync(Buffer.from(text, 'base64'), { maxOutputLength: SCHEMAS_LIMIT });
    return parseAnnotation(json.toString());
  } catch {
    // Written by somebody else: the stored schemas count.
    return undefined;
  }
}

function toServed(object: Fields): Fields {
  let originals: string | undefined;

  const served = mapFields(object, 'spec', ({ version, validation: _schema, ...spec }) => {
    const {
      subresources: _sub,
      additionalPrinterColumns: _columns,
      selectableFields: _fields,
      ...rest
    } = spec;

    let versions = ownVersions({ ...spec, version, validation: _schema });

    if (spec.preserveUnknownFields === true) {
      originals = versions.length > 0 ? packSchemas(versions) : undefined;
      versions = versions.map((each) => withSchema(each, structuralRoot(schemaOf(each))));
    } else {
      versions = versions.map((each) =>
        isAbsent(schemaOf(each)) ? withSchema(each, ANY_OBJECT) : each,
      );
    }

    const rewritten = withField(rest, 'preserveUnknownFields', undefined);

    return { ...rewritten, ...((versions.length > 0 || !isAbsent(spec.versions)) && { versions }) };
  });

  return withAnnotation(
    mapFields(served, 'spec.conversion', conversionToServed),
    ORIGINAL_SCHEMAS,
    originals,
  );
}

/**
 * Returns the versions as they were sent, if the schemas made from them are still stored; undefined
 * if not.
 */
function originalVersions(
  versions: readonly Fields[],
  originals: Fields | undefined,
): Fields[] | undefined {
  if (!originals) {
    return undefined;
  }

  const sent = versions.map((version) => {
    const original = originals[String(version.name)] ?? undefined;
    return equalJson(structuralRoot(original), schemaOf(version))
      ? withSchema(version, original)
      : version;
  });

  // A version with a changed schema preserves unknown fields as the new schema says.
  return sent.every((version, i) => version !== versions[i] || preservesUnknown(schemaOf(version)))
    ? sent
    : undefined;
}

function toLegacy(object: Fields): Fields {
  const originals = unpackSchemas(annotationOf(object, ORIGINAL_SCHEMAS));

  const legacy = mapFields(object, 'spec', (spec) => {
    const stored = Array.isArray(spec.versions) ? spec.versions.filter(isFields) : undefined;
    if (!stored || stored.length === 0) {
      return spec;
    }

    const original = originalVersions(stored, originals);
    let versions = (original ?? stored).map((version) =>
      renameColumnPath(version, 'jsonPath', 'JSONPath'),
    );
    const shared: Fields = {};

    for (const [name, own] of SHARED) {
      const value = versions[0]?.[own];
      if (!isAbsent(value) && versions.every((version) => equalJson(version[own], value))) {
        shared[name] = value;
        versions = versions.map((version) => withField(version, own, undefined));
      }
    }

    return {
      ...spec,
      version: versions[0]?.name,
      versions,
      ...shared,
      preserveUnknownFields: original !== undefined || spec.preserveUnknownFields === true,
    };
  });

  return withAnnotation(
    mapFields(legacy, 'spec.conversion', conversionToLegacy),
    ORIGINAL_SCHEMAS,
    undefined,
  );
}

function defaultsOf(spec: Fields): Fields {
  const { kind } = isFields(spec.names) ? spec.names : {};

  const names =
    typeof kind === 'string' && isFields(spec.names)
      ? {
          names: withDefaults(spec.names, {
            singular: kind.toLowerCase(),
            listKind: `${kind}List`,
          }),
        }
      : {};

  const versions = versionsOf(spec);
  const [first] = versions;

  const whole = withDefaults(
    { ...spec, ...names },
    {
      scope: 'Namespaced',
      preserveUnknownFields: true,
      conversion: { strategy: 'None' },
      ...(first && { versions, version: first.name }),
    },
  );

  return mapFields(whole, 'conversion', (conversion) =>
    conversion.strategy === 'Webhook'
      ? withDefaults(conversion, { conversionReviewVersions: ['v1beta1'] })
      : conversion,
  );
}

/** CustomResourceDefinitions of apiextensions.k8s.io/v1beta1. */
export const definitions: Conversion = {
  toServed,
  toLegacy,
  withDefaults: (object) => mapFields(object, 'spec', defaultsOf),
  fromStored: ['spec.preserveUnknownFields'],
  pieces: [{ served: 'spec', legacy: 'spec', onlyNewer: true }],
  annotations: [ORIGINAL_SCHEMAS],
  unknown: [
    'spec.conversion.webhook',
    'spec.additionalPrinterColumns[].jsonPath',
    'spec.versions[].additionalPrinterColumns[].jsonPath',
  ],
};
