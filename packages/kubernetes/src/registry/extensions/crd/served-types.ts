import { compareVersions } from '@ks-apiserver/apimachinery/meta/versions';
import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import { metaSchema } from '../../../schemas/builtin.ts';
import type { ResourceType, Subresource } from '../../resources/resource-type.ts';
import { storedMetadata } from '../../resources/stored-metadata.ts';
import type { CustomVersion } from './custom-version.ts';
import type { Definition, DefinitionVersion } from './definition.ts';
import { compileRules } from './rules.ts';
import type { Converter } from './webhook-conversion.ts';

const ALL_VERBS = [
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'create',
  'update',
  'watch',
];

const SUBRESOURCE_VERBS = ['get', 'patch', 'update'];

/** The schema with apiVersion, kind and metadata added to embedded resources. */
function withEmbedded(schema: Schema): Schema {
  const { properties, items, additionalProperties } = schema;

  const inner: Schema = {
    ...schema,
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, item]) => [name, withEmbedded(item)]),
      ),
    }),
    ...(items && { items: withEmbedded(items) }),
    ...(typeof additionalProperties === 'object' && {
      additionalProperties: withEmbedded(additionalProperties),
    }),
  };

  if (!schema['x-kubernetes-embedded-resource']) {
    return inner;
  }

  const text: Schema = { type: 'string' };

  return {
    ...inner,
    properties: {
      apiVersion: text,
      kind: text,
      ...inner.properties,
      metadata: metaSchema('ObjectMeta'),
    },
  };
}

/** The schema of whole objects of a version. */
function buildObjectSchema(definition: Definition, version: DefinitionVersion): Schema {
  const schema = withEmbedded(version.schema?.openAPIV3Schema ?? {});
  const own = schema.properties?.metadata?.properties;
  const metadata = metaSchema('ObjectMeta');

  return {
    ...schema,
    type: 'object',
    ...(definition.spec.preserveUnknownFields && { 'x-kubernetes-preserve-unknown-fields': true }),
    properties: {
      ...schema.properties,
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: own?.name
        ? { ...metadata, properties: { ...metadata.properties, name: own.name } }
        : metadata,
    },
  };
}

/**
 * Kubernetes' default warning about a deprecated version, which names the newest stable version.
 */
function deprecationOf(
  { spec: { group, names, versions } }: Definition,
  { name }: DefinitionVersion,
): string {
  const [newest] = versions
    .filter((other) => other.served && !other.deprecated && compareVersions(other.name, name) < 0)
    .map((other) => other.name)
    .sort(compareVersions);

  const instead = newest === undefined ? '' : `; use ${group}/${newest} ${names.kind}`;

  return `${group}/${name} ${names.kind} is deprecated${instead}`;
}

function customVersion(
  definition: Definition,
  version: DefinitionVersion,
  storedSchema: Schema,
  converter: Converter | undefined,
): CustomVersion {
  const schema = buildObjectSchema(definition, version);
  const warning = version.deprecationWarning ?? deprecationOf(definition, version);

  return {
    definition: storedMetadata(definition).name,
    uid: storedMetadata(definition).uid,
    generation: definition.metadata.generation ?? 1,
    schema,
    storedSchema: version.storage ? schema : storedSchema,
    ...(converter && { converter }),
    terminating: definition.metadata.deletionTimestamp !== undefined,
    hasStatus: version.subresources?.status !== undefined,
    ...(version.subresources?.scale && { scale: version.subresources.scale }),
    printerColumns: version.additionalPrinterColumns ?? [],
    selectableFields: (version.selectableFields ?? []).map(({ jsonPath }) => jsonPath),
    ...(version.deprecated && { deprecationWarning: warning }),
    rules: compileRules(schema),
  };
}

/**
 * The resource that a definition serves in each of its served versions; `converter` is used where
 * its strategy is Webhook.
 */
export function servedTypes(definition: Definition, converter: Converter): ResourceType[] {
  const { group, scope, versions } = definition.spec;
  const names = definition.status?.acceptedNames ?? definition.spec.names;
  const storedVersion = versions.find((version) => version.storage);

  // Validation admits no such definition.
  if (!storedVersion) {
    return [];
  }

  const stored = storedVersion.name;
  const storedSchema = buildObjectSchema(definition, storedVersion);
  const converts = definition.spec.conversion?.strategy === 'Webhook' ? converter : undefined;

  return versions
    .filter((version) => version.served)
    .map((version) => {
      const custom = customVersion(definition, version, storedSchema, converts);
      const subresources: Subresource[] = [];

      if (custom.hasStatus) {
        subresources.push({ name: 'status', verbs: SUBRESOURCE_VERBS });
      }

      if (custom.scale) {
        const scale = { kind: 'Scale', group: 'autoscaling', version: 'v1' };
        subresources.push({ name: 'scale', verbs: SUBRESOURCE_VERBS, ...scale });
      }

      return {
        group,
        version: version.name,
        resource: names.plural,
        singular: names.singular ?? names.kind.toLowerCase(),
        kind: names.kind,
        listKind: names.listKind ?? `${names.kind}List`,
        namespaced: scope === 'Namespaced',
        shortNames: names.shortNames ?? [],
        categories: names.categories ?? [],
        verbs: ALL_VERBS,
        subresources,
        storage: { group, version: stored, resource: names.plural },
        custom,
      };
    });
}
