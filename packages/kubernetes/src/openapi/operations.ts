import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import { builtinSchema, metaSchema } from '../schemas/builtin.ts';
import type { Definitions, Node } from './definitions.ts';

/**
 * A resource in one version, as documents describe it; `custom` is the schema of a custom resource.
 */
export interface OpenApiResource {
  group: string;
  version: string;
  resource: string;
  kind: string;
  listKind: string;
  namespaced: boolean;
  verbs: readonly string[];
  subresources: readonly {
    name: string;
    verbs: readonly string[];
    kind?: string;
    group?: string;
    version?: string;
  }[];
  custom?: { schema: Schema | undefined } | undefined;
}

const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];

const query = (name: string, type: string, description: string) => ({
  name,
  in: 'query',
  type,
  description,
});

const writing = [
  query('dryRun', 'string', 'All: check and answer, but store nothing.'),
  query('fieldManager', 'string', 'Name of who makes the change.'),
  query('fieldValidation', 'string', 'Ignore, Warn or Strict: what to do about unknown fields.'),
];

const listing = [
  query('labelSelector', 'string', 'Only objects whose labels match.'),
  query('fieldSelector', 'string', 'Only objects whose fields match.'),
  query('limit', 'integer', 'At most so many objects; the rest follows with continue.'),
  query('continue', 'string', 'Where an earlier list ended.'),
  query('resourceVersion', 'string', 'State to list or watch from.'),
  query('watch', 'boolean', 'Follow changes instead.'),
];

const parametersOf: Readonly<Record<string, readonly ReturnType<typeof query>[]>> = {
  list: listing,
  post: writing,
  put: writing,
  patch: [
    ...writing,
    query('force', 'boolean', 'Take fields over from other managers; for apply.'),
  ],
  delete: [query('dryRun', 'string', 'All: check and answer, but delete nothing.')],
  deletecollection: listing,
};

const methods: readonly (readonly [
  verb: string,
  method: string,
  action: string,
  scope: 'list' | 'item',
])[] = [
  ['list', 'get', 'list', 'list'],
  ['create', 'post', 'post', 'list'],
  ['deletecollection', 'delete', 'deletecollection', 'list'],
  ['get', 'get', 'get', 'item'],
  ['update', 'put', 'put', 'item'],
  ['patch', 'patch', 'patch', 'item'],
  ['delete', 'delete', 'delete', 'item'],
];

interface Gvk {
  group: string;
  version: string;
  kind: string;
}

/** Name of a CRD's definition: its group's parts backwards, version and kind. */
function customName({ group, version }: { group: string; version: string }, kind: string): string {
  return `${group.split('.').reverse().join('.')}.${version}.${kind}`;
}

function customSchema(schema: Schema | undefined): Schema {
  const text: Schema = { type: 'string' };

  const properties = {
    apiVersion: text,
    kind: text,
    ...schema?.properties,
    metadata: metaSchema('ObjectMeta'),
  };

  if (schema === undefined) {
    return { type: 'object', properties, 'x-kubernetes-preserve-unknown-fields': true };
  }

  return { ...schema, type: 'object', properties };
}

function mark(
  definitions: Definitions,
  name: string | undefined,
  { group, version, kind }: Gvk,
): string | undefined {
  const node = name === undefined ? undefined : definitions.nodes[name];
  if (node !== undefined) {
    node['x-kubernetes-group-version-kind'] = [{ group, kind, version }];
  }

  return name;
}

/** Adds the definitions of a kind and of its list; returns their names. */
function addKind(
  definitions: Definitions,
  resource: OpenApiResource,
): { item?: string; list?: string } {
  const { group, version, kind, listKind } = resource;
  const names: { item?: string; list?: string } = {};
  let item: Schema | undefined;
  let list: Schema | undefined;

  if (resource.custom) {
    item = { ...customSchema(resource.custom.schema), 'x-definition': customName(resource, kind) };
    list = {
      type: 'object',
      description: `A list of ${kind} objects.`,
      required: ['items'],
      properties: {
        apiVersion: { type: 'string' },
        items: { type: 'array', items: item },
        kind: { type: 'string' },
        metadata: metaSchema('ListMeta'),
      },
      'x-definition': customName(resource, listKind),
    };
  } else {
    item = builtinSchema(resource);
    list = builtinSchema({ group, version, kind: listKind });
  }

  const itemName = item && mark(definitions, definitions.add(item), { group, version, kind });
  if (itemName !== undefined) {
    names.item = itemName;
  }
  if (!resource.verbs.includes('list')) {
    return names;
  }

  const listName =
    list && mark(definitions, definitions.add(list), { group, version, kind: listKind });
  if (listName !== undefined) {
    names.list = listName;
  }

  return names;
}

/** Writes one operation in the form of a version of OpenAPI. */
export type WriteOperation = (operation: {
  action: string;
  gvk: Gvk;
  tag: string;
  id: string;
  parameters: readonly ReturnType<typeof query>[];
  pathParameters: readonly string[];
  body: string | undefined;
  consumes: readonly string[];
  returns: string | undefined;
}) => Node;

/** Adds the paths of a resource, and the definitions that they need. */
export function addResource(
  paths: Record<string, Node>,
  definitions: Definitions,
  resource: OpenApiResource,
  write: WriteOperation,
): void {
  const { group, version, kind, namespaced } = resource;
  const names = addKind(definitions, resource);
  const base = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const list = `${base}${namespaced ? '/namespaces/{namespace}' : ''}/${resource.resource}`;
  const item = `${list}/{name}`;
  const tag = `${group === '' ? 'core' : group.replaceAll('.', '_')}_${version}`;
  const status = definitions.add(metaSchema('Status'));

  const operation = (
    path: string,
    method: string,
    action: string,
    gvk: Gvk,
    body?: string,
    returns?: string,
  ) => {
    paths[path] ??= {};
    paths[path][method] = write({
      action,
      gvk,
      tag,
      id: `${action}${path.replace(/[^A-Za-z0-9]+(.)?/g, (_, char: string | undefined) => char?.toUpperCase() ?? '')}`,
      parameters: parametersOf[action] ?? [],
      pathParameters: [...path.matchAll(/(?<=\{)\w+(?=\})/g)].map(([name]) => name),
      body:
        method === 'patch'
          ? definitions.add({ type: 'object', description: 'A patch.' }, patchName)
          : body,
      consumes: method === 'patch' ? patchTypes : ['*/*'],
      returns,
    });
  };

  for (const [verb, method, action, scope] of methods) {
    if (!resource.verbs.includes(verb)) {
      continue;
    }

    const one = method === 'delete' ? status : names.item;
    const answer = action === 'list' ? names.list : one;
    const body = action === 'post' || action === 'put' ? names.item : undefined;
    operation(
      scope === 'list' ? list : item,
      method,
      action,
      { group, version, kind },
      body,
      answer,
    );
  }

  if (namespaced && resource.verbs.includes('list')) {
    operation(
      `${base}/${resource.resource}`,
      'get',
      'list',
      { group, version, kind },
      undefined,
      names.list,
    );
  }

  for (const sub of resource.subresources) {
    const gvk = {
      group: sub.group ?? group,
      version: sub.version ?? version,
      kind: sub.kind ?? kind,
    };

    const schema = sub.kind === undefined ? undefined : builtinSchema(gvk);
    const name =
      schema === undefined ? names.item : mark(definitions, definitions.add(schema), gvk);

    for (const [verb, method, action, scope] of methods) {
      if (scope === 'list' && verb !== 'create') {
        continue;
      }
      if (sub.verbs.includes(verb)) {
        operation(`${item}/${sub.name}`, method, action, gvk, name, name);
      }
    }
  }
}

const patchName = 'io.k8s.apimachinery.pkg.apis.meta.v1.Patch';
