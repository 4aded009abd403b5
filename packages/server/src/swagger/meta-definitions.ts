import { ref, type SwaggerSchema } from './document.ts';

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1.';

// One line for each definition: its fields and their types, `!` after required ones. `[x]` is a
// list, `{x}` a map, a capitalised type another line (kubernetes.io reference of meta/v1, as of the
// releases that KubeSphere 3.0 ran on).
const rows: Readonly<Record<string, string>> = {
  [`${meta}APIGroup`]:
    'apiVersion kind name! versions![GroupVersionForDiscovery] preferredVersion:GroupVersionForDiscovery serverAddressByClientCIDRs[ServerAddressByClientCIDR]',
  [`${meta}APIGroupList`]: 'apiVersion kind groups![APIGroup]',
  [`${meta}APIResource`]:
    'name! singularName! namespaced!:boolean group version kind! verbs![string] shortNames[string] categories[string] storageVersionHash',
  [`${meta}APIResourceList`]: 'apiVersion kind groupVersion! resources![APIResource]',
  [`${meta}DeleteOptions`]:
    'apiVersion kind gracePeriodSeconds:int64 preconditions:Preconditions orphanDependents:boolean propagationPolicy dryRun[string]',
  [`${meta}GroupVersionForDiscovery`]: 'groupVersion! version!',
  [`${meta}ListMeta`]: 'selfLink resourceVersion continue remainingItemCount:int64',
  [`${meta}ManagedFieldsEntry`]:
    'manager operation apiVersion time:Time fieldsType fieldsV1:FieldsV1',
  [`${meta}ObjectMeta`]:
    'name generateName namespace selfLink uid resourceVersion generation:int64 creationTimestamp:Time deletionTimestamp:Time deletionGracePeriodSeconds:int64 labels{string} annotations{string} ownerReferences[OwnerReference] finalizers[string] clusterName managedFields[ManagedFieldsEntry]',
  [`${meta}OwnerReference`]:
    'apiVersion! kind! name! uid! controller:boolean blockOwnerDeletion:boolean',
  [`${meta}Preconditions`]: 'uid resourceVersion',
  [`${meta}ServerAddressByClientCIDR`]: 'clientCIDR! serverAddress!',
  [`${meta}Status`]:
    'apiVersion kind metadata:ListMeta status message reason details:StatusDetails code:int32',
  [`${meta}StatusCause`]: 'reason message field',
  [`${meta}StatusDetails`]: 'name group kind uid causes[StatusCause] retryAfterSeconds:int32',
  [`${meta}WatchEvent`]: 'type! object!:RawExtension',
  'io.k8s.api.core.v1.LocalObjectReference': 'name',
  'io.k8s.api.networking.v1.IPBlock': 'cidr! except[string]',
  'io.k8s.api.networking.v1.NetworkPolicyPort': 'protocol port:IntOrString',
};

const leaves: Readonly<Record<string, SwaggerSchema>> = {
  [`${meta}FieldsV1`]: { type: 'object' },
  [`${meta}Patch`]: { type: 'object' },
  [`${meta}Time`]: { type: 'string', format: 'date-time' },
  'io.k8s.apimachinery.pkg.runtime.RawExtension': { type: 'object' },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': { type: 'string', format: 'int-or-string' },
};

const fullNames = new Map(
  [...Object.keys(rows), ...Object.keys(leaves)].map((name) => [
    name.slice(name.lastIndexOf('.') + 1),
    name,
  ]),
);

/**
 * Returns the full name of a definition of Kubernetes: `Time` gives
 * `io.k8s.apimachinery.pkg.apis.meta.v1.Time`.
 */
export function metaName(short: string): string {
  const name = fullNames.get(short);
  if (!name) {
    throw new Error(`no definition is called ${short}`);
  }

  return name;
}

/** Returns the schema of a list of the definition `item`. */
export function listSchema(item: string): SwaggerSchema {
  return {
    type: 'object',
    required: ['items'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: ref(metaName('ListMeta')),
      items: { type: 'array', items: ref(item) },
    },
  };
}

function typeOf(text: string): SwaggerSchema {
  if (text === 'string' || text === 'boolean') {
    return { type: text };
  }
  if (text === 'int32' || text === 'int64') {
    return { type: 'integer', format: text };
  }

  return ref(metaName(text));
}

/** Returns the schema of a list, of a map, or of a single value. */
function containerOf(open: string | undefined, schema: SwaggerSchema): SwaggerSchema {
  switch (open) {
    case '[':
      return { type: 'array', items: schema };
    case '{':
      return { type: 'object', additionalProperties: schema };
    default:
      return schema;
  }
}

function parse(row: string): SwaggerSchema {
  const required: string[] = [];
  const properties: Record<string, SwaggerSchema> = {};

  for (const field of row.split(' ')) {
    const parts = /^(\w+)(!?)(?:([:[{])(\w+)[\]}]?)?$/.exec(field) ?? [];
    const [, name = '', must, open, type = 'string'] = parts;

    if (must) {
      required.push(name);
    }

    properties[name] = containerOf(open, typeOf(type));
  }

  return { type: 'object', ...(required.length > 0 && { required }), properties };
}

/**
 * Returns the definitions of Kubernetes' own kinds that objects and answers of custom resources
 * consist of.
 */
export function metaDefinitions(): [string, SwaggerSchema][] {
  return [
    ...Object.entries(rows).map(([name, row]): [string, SwaggerSchema] => [name, parse(row)]),
    ...Object.entries(leaves),
  ];
}
