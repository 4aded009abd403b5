import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import {
  DELETE_PARAMETERS,
  groupId,
  JSON_AND_YAML,
  LIST_PARAMETERS,
  PATCH_TYPES,
  WATCHED_TYPES,
  WRITE_PARAMETERS,
} from './crd-paths.ts';
import {
  license,
  type PathItem,
  ref,
  type SwaggerDocument,
  type SwaggerOperation,
  type SwaggerParameter,
  type SwaggerSchema,
  sorted,
} from './document.ts';
import { metaDefinitions, metaName } from './meta-definitions.ts';

interface CrdVersion {
  name: string;
  served: boolean;
  schema: { openAPIV3Schema: Schema };
  subresources?: { status?: object };
}

interface CrdSpec {
  group: string;
  scope: 'Cluster' | 'Namespaced';
  names: { kind: string; plural: string };
  versions: CrdVersion[];
}

/** A resource of one version, with what its operations share. */
interface Resource {
  group: string;
  version: string;
  kind: string;
  plural: string;
  /** What stands for it in operation ids: `TenantKubesphereIoV1alpha1Workspace`. */
  id: string;
  object: SwaggerSchema;
  list: SwaggerSchema;
}

const capitalize = (text: string) => text.replace(/^./, (letter) => letter.toUpperCase());

const pathParameter = (name: string, description: string): SwaggerParameter => ({
  name,
  in: 'path',
  required: true,
  type: 'string',
  description,
});

const NAMESPACE = pathParameter('namespace', 'Name of the project.');

/** Name of a kind's definition: `io.kubesphere.tenant.v1alpha1.Workspace`. */
function schemaName(group: string, version: string, kind: string): string {
  return [...group.split('.').reverse(), version, kind].join('.');
}

/** A schema of a CRD in the words of Swagger 2.0; rules for the server alone are left out. */
function swaggerSchema(schema: Schema): SwaggerSchema {
  const converted: SwaggerSchema = {};

  for (const [key, value] of Object.entries(schema)) {
    if (key === 'nullable') {
      converted['x-nullable'] = value;
    } else if (key === 'properties') {
      const entries = Object.entries(value as Record<string, Schema>);
      converted.properties = Object.fromEntries(
        entries.map(([name, one]) => [name, swaggerSchema(one)]),
      );
    } else if ((key === 'items' || key === 'additionalProperties') && typeof value === 'object') {
      converted[key] = swaggerSchema(value as Schema);
    } else if (!key.startsWith('x-kubernetes-')) {
      converted[key] = value;
    }
  }

  // Whatever it holds is kept: a number of a port or its name, or an object of another kind.
  if (schema['x-kubernetes-int-or-string']) {
    delete converted.type;
  }

  return converted;
}

function definitionsOf(resource: Resource, schema: Schema): [string, SwaggerSchema][] {
  const name = schemaName(resource.group, resource.version, resource.kind);
  const object = swaggerSchema(schema);

  return [
    [
      name,
      { ...object, properties: { ...object.properties, metadata: ref(metaName('ObjectMeta')) } },
    ],
    [
      `${name}List`,
      {
        type: 'object',
        required: ['items'],
        properties: {
          apiVersion: { type: 'string' },
          kind: { type: 'string' },
          metadata: ref(metaName('ListMeta')),
          items: { type: 'array', items: ref(name) },
        },
      },
    ],
  ];
}

const bodyOf = (schema: SwaggerSchema, required = true): SwaggerParameter => ({
  name: 'body',
  in: 'body',
  required,
  schema,
});

function answers(schema: SwaggerSchema, status = '200'): SwaggerOperation['responses'] {
  return { [status]: { description: status === '201' ? 'Created' : 'OK', schema } };
}

function operation(
  resource: Resource,
  operationId: string,
  summary: string,
  rest: Pick<SwaggerOperation, 'responses'> & Partial<SwaggerOperation>,
): SwaggerOperation {
  return {
    operationId,
    summary,
    tags: [`${resource.group}/${resource.version}`],
    consumes: JSON_AND_YAML,
    produces: JSON_AND_YAML,
    ...rest,
  };
}

function listOf(resource: Resource, suffix: string, where: string): SwaggerOperation {
  return operation(
    resource,
    `list${resource.id}${suffix}`,
    `List or watch ${resource.plural}${where}.`,
    { parameters: LIST_PARAMETERS, produces: WATCHED_TYPES, responses: answers(resource.list) },
  );
}

/** Operations on all objects of a place. */
function collection(resource: Resource, scope: string, where: string): PathItem {
  const { id, kind, plural, object } = resource;
  const deleteOptions = bodyOf(ref(metaName('DeleteOptions')), false);

  return {
    get: listOf(resource, scope, where),
    post: operation(resource, `create${id}${scope}`, `Create a ${kind}.`, {
      parameters: [bodyOf(object), ...WRITE_PARAMETERS],
      responses: answers(object, '201'),
    }),
    delete: operation(resource, `deleteCollection${id}${scope}`, `Delete ${plural}${where}.`, {
      parameters: [deleteOptions, ...LIST_PARAMETERS, ...DELETE_PARAMETERS],
      responses: answers(ref(metaName('Status'))),
    }),
  };
}

/** Operations that read and change one object, or its status. */
function readAndChange(resource: Resource, suffix: string, what: string): PathItem {
  const { id, object } = resource;

  return {
    get: operation(resource, `read${id}${suffix}`, `Read ${what}.`, { responses: answers(object) }),
    put: operation(resource, `replace${id}${suffix}`, `Replace ${what}.`, {
      parameters: [bodyOf(object), ...WRITE_PARAMETERS],
      responses: answers(object),
    }),
    patch: operation(resource, `patch${id}${suffix}`, `Change parts of ${what}.`, {
      parameters: [bodyOf(ref(metaName('Patch'))), ...WRITE_PARAMETERS],
      // Custom resources take no strategic merge patch.
      consumes: PATCH_TYPES.filter((type) => !type.includes('strategic')),
      responses: answers(object),
    }),
  };
}

function pathsOf(resource: Resource, spec: CrdSpec, version: CrdVersion): [string, PathItem][] {
  const { kind, plural } = resource;
  const isNamespaced = spec.scope === 'Namespaced';
  const base = `/apis/${resource.group}/${resource.version}`;
  const place = isNamespaced ? `${base}/namespaces/{namespace}/${plural}` : `${base}/${plural}`;
  const parameters = isNamespaced ? [NAMESPACE] : [];
  const named = [...parameters, pathParameter('name', `Name of the ${kind}.`)];
  const deleteOptions = bodyOf(ref(metaName('DeleteOptions')), false);

  const paths: [string, PathItem][] = [
    [place, { ...collection(resource, '', isNamespaced ? ' of a project' : ''), parameters }],
    [
      `${place}/{name}`,
      {
        ...readAndChange(resource, '', `a ${kind}`),
        delete: operation(resource, `delete${resource.id}`, `Delete a ${kind}.`, {
          parameters: [deleteOptions, ...DELETE_PARAMETERS],
          responses: answers(ref(metaName('Status'))),
        }),
        parameters: named,
      },
    ],
  ];

  if (isNamespaced) {
    const everywhere = listOf(resource, 'ForAllNamespaces', ' of all projects');
    paths.push([`${base}/${plural}`, { get: everywhere }]);
  }

  if (version.subresources?.status) {
    const status = readAndChange(resource, 'Status', `the status of a ${kind}`);
    paths.push([`${place}/{name}/status`, { ...status, parameters: named }]);
  }

  return paths;
}

/**
 * Swagger 2.0 of custom resources as the Kubernetes API serves them: every served version, with the
 * paths of its scope and the subresources that it has. `crdSwagger` is what 3.0 published instead.
 */
export function customResourceSwagger(crds: readonly KubeObject[]): SwaggerDocument {
  const paths: [string, PathItem][] = [];
  const definitions: [string, SwaggerSchema][] = [...metaDefinitions()];

  for (const crd of crds) {
    const spec = crd.spec as CrdSpec;

    for (const version of spec.versions.filter(({ served }) => served)) {
      const { group, names } = spec;
      const name = schemaName(group, version.name, names.kind);
      const resource: Resource = {
        group,
        version: version.name,
        kind: names.kind,
        plural: names.plural,
        id: `${groupId(group)}${capitalize(version.name)}${names.kind}`,
        object: ref(name),
        list: ref(`${name}List`),
      };

      paths.push(...pathsOf(resource, spec, version));
      definitions.push(...definitionsOf(resource, version.schema.openAPIV3Schema));
    }
  }

  return {
    swagger: '2.0',
    info: { title: 'Custom resources', version: 'v1', license },
    paths: sorted(paths),
    definitions: sorted(definitions),
  };
}
