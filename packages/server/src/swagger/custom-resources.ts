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
import { listSchema, metaDefinitions, metaName } from './meta-definitions.ts';

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

/** One version of a custom resource, and what its operations share. */
interface Resource {
  group: string;
  version: string;
  kind: string;
  plural: string;
  /** Part of its operation ids: `TenantKubesphereIoV1alpha1Workspace`. */
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

/** Returns the name of a kind's definition: `io.kubesphere.tenant.v1alpha1.Workspace`. */
function nameSchema(group: string, version: string, kind: string): string {
  return [...group.split('.').reverse(), version, kind].join('.');
}

/** Converts a schema of a CRD to Swagger 2.0, without the extensions that only servers read. */
function convertSchema(schema: Schema): SwaggerSchema {
  const converted: SwaggerSchema = {};

  for (const [key, value] of Object.entries(schema)) {
    if (key === 'nullable') {
      converted['x-nullable'] = value;
    } else if (key === 'properties') {
      const entries = Object.entries(value as Record<string, Schema>);
      converted.properties = Object.fromEntries(
        entries.map(([name, one]) => [name, convertSchema(one)]),
      );
    } else if ((key === 'items' || key === 'additionalProperties') && typeof value === 'object') {
      converted[key] = convertSchema(value as Schema);
    } else if (!key.startsWith('x-kubernetes-')) {
      converted[key] = value;
    }
  }

  // A port, for example, is a number or a name.
  if (schema['x-kubernetes-int-or-string']) {
    delete converted.type;
  }

  return converted;
}

function defineKind(resource: Resource, schema: Schema): [string, SwaggerSchema][] {
  const name = nameSchema(resource.group, resource.version, resource.kind);
  const object = convertSchema(schema);

  return [
    [
      name,
      { ...object, properties: { ...object.properties, metadata: ref(metaName('ObjectMeta')) } },
    ],
    [`${name}List`, listSchema(name)],
  ];
}

const bodyParameter = (
  schema: SwaggerSchema,
  { required }: { required: boolean } = { required: true },
): SwaggerParameter => ({
  name: 'body',
  in: 'body',
  required,
  schema,
});

function respondWith(schema: SwaggerSchema, status = '200'): SwaggerOperation['responses'] {
  return { [status]: { description: status === '201' ? 'Created' : 'OK', schema } };
}

function describeOperation(
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

function describeList(resource: Resource, suffix: string, where: string): SwaggerOperation {
  return describeOperation(
    resource,
    `list${resource.id}${suffix}`,
    `List or watch ${resource.plural}${where}.`,
    { parameters: LIST_PARAMETERS, produces: WATCHED_TYPES, responses: respondWith(resource.list) },
  );
}

/** Returns the operations on all objects of a project or of the cluster. */
function describeCollection(resource: Resource, scope: string, where: string): PathItem {
  const { id, kind, plural, object } = resource;
  const deleteOptions = bodyParameter(ref(metaName('DeleteOptions')), { required: false });

  return {
    get: describeList(resource, scope, where),
    post: describeOperation(resource, `create${id}${scope}`, `Create a ${kind}.`, {
      parameters: [bodyParameter(object), ...WRITE_PARAMETERS],
      responses: respondWith(object, '201'),
    }),
    delete: describeOperation(
      resource,
      `deleteCollection${id}${scope}`,
      `Delete ${plural}${where}.`,
      {
        parameters: [deleteOptions, ...LIST_PARAMETERS, ...DELETE_PARAMETERS],
        responses: respondWith(ref(metaName('Status'))),
      },
    ),
  };
}

/** Returns the operations that read and change one object, or its status. */
function describeObject(resource: Resource, suffix: string, what: string): PathItem {
  const { id, object } = resource;

  return {
    get: describeOperation(resource, `read${id}${suffix}`, `Read ${what}.`, {
      responses: respondWith(object),
    }),
    put: describeOperation(resource, `replace${id}${suffix}`, `Replace ${what}.`, {
      parameters: [bodyParameter(object), ...WRITE_PARAMETERS],
      responses: respondWith(object),
    }),
    patch: describeOperation(resource, `patch${id}${suffix}`, `Change parts of ${what}.`, {
      parameters: [bodyParameter(ref(metaName('Patch'))), ...WRITE_PARAMETERS],
      // Custom resources take no strategic merge patch.
      consumes: PATCH_TYPES.filter((type) => !type.includes('strategic')),
      responses: respondWith(object),
    }),
  };
}

function describePaths(
  resource: Resource,
  spec: CrdSpec,
  version: CrdVersion,
): [string, PathItem][] {
  const { kind, plural } = resource;
  const isNamespaced = spec.scope === 'Namespaced';
  const base = `/apis/${resource.group}/${resource.version}`;
  const place = isNamespaced ? `${base}/namespaces/{namespace}/${plural}` : `${base}/${plural}`;
  const parameters = isNamespaced ? [NAMESPACE] : [];
  const named = [...parameters, pathParameter('name', `Name of the ${kind}.`)];
  const deleteOptions = bodyParameter(ref(metaName('DeleteOptions')), { required: false });

  const paths: [string, PathItem][] = [
    [
      place,
      { ...describeCollection(resource, '', isNamespaced ? ' of a project' : ''), parameters },
    ],
    [
      `${place}/{name}`,
      {
        ...describeObject(resource, '', `a ${kind}`),
        delete: describeOperation(resource, `delete${resource.id}`, `Delete a ${kind}.`, {
          parameters: [deleteOptions, ...DELETE_PARAMETERS],
          responses: respondWith(ref(metaName('Status'))),
        }),
        parameters: named,
      },
    ],
  ];

  if (isNamespaced) {
    const everywhere = describeList(resource, 'ForAllNamespaces', ' of all projects');
    paths.push([`${base}/${plural}`, { get: everywhere }]);
  }

  if (version.subresources?.status) {
    const status = describeObject(resource, 'Status', `the status of a ${kind}`);
    paths.push([`${place}/{name}/status`, { ...status, parameters: named }]);
  }

  return paths;
}

/**
 * Describes custom resources as the Kubernetes API serves them: every served version, with the paths
 * of its scope and its subresources. `crdSwagger` describes them as KubeSphere 3.0 published them.
 */
export function describeCustomResources(crds: readonly KubeObject[]): SwaggerDocument {
  const paths: [string, PathItem][] = [];
  const definitions: [string, SwaggerSchema][] = [...metaDefinitions()];

  for (const crd of crds) {
    const spec = crd.spec as CrdSpec;

    for (const version of spec.versions.filter(({ served }) => served)) {
      const { group, names } = spec;
      const name = nameSchema(group, version.name, names.kind);
      const resource: Resource = {
        group,
        version: version.name,
        kind: names.kind,
        plural: names.plural,
        id: `${groupId(group)}${capitalize(version.name)}${names.kind}`,
        object: ref(name),
        list: ref(`${name}List`),
      };

      paths.push(...describePaths(resource, spec, version));
      definitions.push(...defineKind(resource, version.schema.openAPIV3Schema));
    }
  }

  return {
    swagger: '2.0',
    info: { title: 'Custom resources', version: 'v1', license },
    paths: sorted(paths),
    definitions: sorted(definitions),
  };
}
