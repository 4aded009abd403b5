/** One request that is meant to take long. */
export interface HostileRequest {
  method: 'POST' | 'PUT' | 'PATCH';
  path: string;
  body: string;
  type?: string;
}

/**
 * A request whose body grows with `n`; `create` are objects, by their collection, that must exist
 * first.
 */
export interface HostileCase {
  name: string;
  n: number;
  make(n: number, name: string): HostileRequest & { create?: [collection: string, body: string] };
}

const MAPS = '/api/v1/namespaces/default/configmaps';
const PODS = '/api/v1/namespaces/default/pods';
const SERVICES = '/api/v1/namespaces/default/services';
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';
const RBAC = '/apis/rbac.authorization.k8s.io/v1/namespaces/default';
const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** Collection of the tests' custom resources. */
export const THINGS = '/apis/cost.example.com/v1/namespaces/default/things';

const YAML = 'application/yaml';
const APPLY = 'application/apply-patch+yaml';
const STRATEGIC = 'application/strategic-merge-patch+json';
const MERGE = 'application/merge-patch+json';
const JSON_PATCH = 'application/json-patch+json';

const list = (n: number, item: (i: number) => string) =>
  Array.from({ length: n }, (_, i) => item(i)).join(',');
const meta = (name: string, more = '') => `"metadata":{"name":"${name}"${more}}`;
const container = (more: string) => `"containers":[{"name":"c","image":"i",${more}}]`;
const pod = (name: string, spec: string) => `{${meta(name)},"spec":{${spec}}}`;
const thing = (name: string, spec: string) =>
  `{"apiVersion":"cost.example.com/v1","kind":"Thing",${meta(name)},"spec":{${spec}}}`;
const deployment = (name: string, env: string) =>
  `{${meta(name)},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{${container(`"env":[${env}]`)}}}}}`;
const env = (n: number, value = 'x') => list(n, (i) => `{"name":"E${i}","value":"${value}"}`);
const envPatch = (items: string) =>
  `{"spec":{"template":{"spec":{"containers":[{"name":"c",${items}}]}}}}`;
const definition = (name: string, version: string) =>
  `{${meta(`${name}s.cost.test.io`)},"spec":{"group":"cost.test.io","scope":"Namespaced","names":{"plural":"${name}s","singular":"${name}","kind":"${name.toUpperCase()}"},"versions":[{"name":"v1","served":true,"storage":true,${version}}]}}`;

const posts = (
  name: string,
  n: number,
  path: string,
  body: (n: number, name: string) => string,
  type?: string,
) => ({
  name,
  n,
  make: (size: number, id: string) =>
    ({
      method: 'POST',
      path,
      body: body(size, id),
      ...(type && { type }),
    }) satisfies HostileRequest,
});

/** The definition of the tests' custom resources. */
export const THING_DEFINITION = {
  metadata: { name: 'things.cost.example.com' },
  spec: {
    group: 'cost.example.com',
    scope: 'Namespaced',
    names: { plural: 'things', singular: 'thing', kind: 'Thing' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: {
                  set: {
                    type: 'array',
                    items: { type: 'string' },
                    'x-kubernetes-list-type': 'set',
                  },
                  map: {
                    type: 'array',
                    items: {
                      type: 'object',
                      required: ['name'],
                      properties: { name: { type: 'string' }, value: { type: 'string' } },
                    },
                    'x-kubernetes-list-type': 'map',
                    'x-kubernetes-list-map-keys': ['name'],
                  },
                  any: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                  one: { type: 'array', items: { type: 'string', enum: ['a', 'b'] } },
                  numbers: { type: 'array', items: { type: 'integer' } },
                  duration: { type: 'string', format: 'duration' },
                },
              },
            },
          },
        },
      },
    ],
  },
};

const metadataCases: HostileCase[] = [
  posts(
    'labels',
    10_000,
    MAPS,
    (n, id) => `{${meta(id, `,"labels":{${list(n, (i) => `"k${i}":"v"`)}}`)}}`,
  ),
  posts(
    'bad labels',
    20_000,
    MAPS,
    (n, id) => `{${meta(id, `,"labels":{${list(n, (i) => `"!${i}":"@"`)}}`)}}`,
  ),
  posts(
    'annotations',
    10_000,
    MAPS,
    (n, id) => `{${meta(id, `,"annotations":{${list(n, (i) => `"k${i}":""`)}}`)}}`,
  ),
  posts(
    'finalizers',
    10_000,
    MAPS,
    (n, id) => `{${meta(id, `,"finalizers":[${list(n, (i) => `"a.b/f${i}"`)}]`)}}`,
  ),
  posts('owners', 5000, MAPS, (n, id) => {
    const owner = (i: number) => `{"apiVersion":"v1","kind":"Pod","name":"p","uid":"u${i}"}`;
    return `{${meta(id, `,"ownerReferences":[${list(n, owner)}]`)}}`;
  }),
  posts('controllers', 2000, MAPS, (n, id) => {
    const owner = (i: number) =>
      `{"apiVersion":"v1","kind":"Pod","name":"p","uid":"u${i}","controller":true}`;
    return `{${meta(id, `,"ownerReferences":[${list(n, owner)}]`)}}`;
  }),
  posts('managers', 3000, MAPS, (n, id) => {
    const manager = (i: number) =>
      `{"manager":"m${i}","operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:data":{"f:k${i}":{}}}}`;
    return `{${meta(id, `,"managedFields":[${list(n, manager)}]`)},"data":{"a":"b"}}`;
  }),
];

const decodingCases: HostileCase[] = [
  posts(
    'repeated keys',
    20_000,
    MAPS,
    (n, id) => `{${meta(id)},"data":{${list(n, () => '"a":"v"')}}}`,
  ),
  posts('unknown fields', 20_000, MAPS, (n, id) => `{${meta(id)},${list(n, (i) => `"x${i}":1`)}}`),
  posts('unknown and repeated fields', 10_000, MAPS, (n, id) => {
    return `{${meta(id)},${list(n, (i) => `"x${i}":1`)},"data":{${list(n, (i) => `"k${i}":"","k${i}":""`)}}}`;
  }),
  posts('fields of a long name', 10_000, MAPS, (n, id) => {
    return `{${meta(id)},"${'y'.repeat(40 * n)}":{"a":1,"a":2,${list(n, (i) => `"${i}":0,"${i}":1`)}}}`;
  }),
  posts('repeated fields, deep down', 10_000, MAPS, (n, id) => {
    const open = `{"${'z'.repeat(1000)}":`.repeat(200);
    return `{${meta(id)},"x":${open}{${list(n, (i) => `"${i}":0,"${i}":1`)}}${'}'.repeat(200)}}`;
  }),
  posts('brackets', 500_000, MAPS, (n, id) => `{${meta(id)},"x":${'['.repeat(n)}${']'.repeat(n)}}`),
  posts(
    'backslashes',
    500_000,
    MAPS,
    (n, id) => `{${meta(id)},"data":{"a":"${'\\\\'.repeat(n)}","a":"x"}}`,
  ),
  posts('spaces', 1_000_000, MAPS, (n, id) => `{${meta(id)},"data"${' '.repeat(n)}:{"a":"b"}}`),
  posts('broken JSON', 100_000, MAPS, (n, id) => `{${meta(id)},"x":[${list(n, (i) => `"${i}"`)}`),
  posts(
    'keys beyond the limit',
    60_000,
    MAPS,
    (n, id) => `{${meta(id)},"data":{${list(n, (i) => `"k${i}":"v"`)}}}`,
  ),
];

const yamlCases: HostileCase[] = [
  posts(
    'YAML',
    10_000,
    MAPS,
    (n, id) =>
      `metadata: {name: ${id}}\ndata:\n${Array.from({ length: n }, (_, i) => `  k${i}: v`).join('\n')}\n`,
    YAML,
  ),
  posts(
    'YAML with repeated keys',
    10_000,
    MAPS,
    (n, id) => `metadata: {name: ${id}}\ndata:\n${'  a: v\n'.repeat(n)}`,
    YAML,
  ),
  posts(
    'YAML with aliases',
    10_000,
    MAPS,
    (n) => `a: &a [x, y]\nb: [${list(n, () => '*a')}]\n`,
    YAML,
  ),
  posts(
    'YAML of many documents',
    100_000,
    MAPS,
    (n, id) => `metadata: {name: ${id}}\n${'---\n{}\n'.repeat(n)}`,
    YAML,
  ),
  posts('YAML with errors', 50_000, MAPS, (n) => '@: %\n'.repeat(n), YAML),
  posts('nested YAML', 20_000, MAPS, (n) => `a: ${'['.repeat(n)}`, YAML),
  posts(
    'a text in YAML',
    10_000,
    MAPS,
    (n, id) => `metadata: {name: ${id}}\ndata:\n  a: |\n${'    some text\n'.repeat(n)}`,
    YAML,
  ),
  posts(
    'JSON as YAML',
    10_000,
    MAPS,
    (n, id) => `{${meta(id)},"data":{${list(n, (i) => `"k${i}":"v"`)}}}`,
    YAML,
  ),
];

const podCases: HostileCase[] = [
  posts('containers', 5000, PODS, (n, id) =>
    pod(id, `"containers":[${list(n, (i) => `{"name":"c${i}","image":"i"}`)}]`),
  ),
  posts('env', 8000, PODS, (n, id) => pod(id, container(`"env":[${env(n)}]`))),
  posts('the same env', 8000, PODS, (n, id) =>
    pod(id, container(`"env":[${list(n, () => '{"name":"E"}')}]`)),
  ),
  posts('ports', 8000, PODS, (n, id) => {
    return pod(
      id,
      container(`"ports":[${list(n, (i) => `{"containerPort":80,"hostPort":${i + 1}}`)}]`),
    );
  }),
  posts('the same port', 8000, PODS, (n, id) =>
    pod(id, container(`"ports":[${list(n, () => '{"containerPort":80}')}]`)),
  ),
  posts('mounts and devices', 3000, PODS, (n, id) => {
    const mounts = list(n, (i) => `{"name":"v${i}","mountPath":"/m${i}"}`);
    const devices = list(n, (i) => `{"name":"d${i}","devicePath":"/d${i}"}`);

    const volumes = list(
      n,
      (i) =>
        `{"name":"v${i}","emptyDir":{}},{"name":"d${i}","persistentVolumeClaim":{"claimName":"c"}}`,
    );

    return pod(
      id,
      `${container(`"volumeMounts":[${mounts}],"volumeDevices":[${devices}]`)},"volumes":[${volumes}]`,
    );
  }),
  posts('tolerations', 8000, PODS, (n, id) => {
    return pod(
      id,
      `${container('"env":[]')},"tolerations":[${list(n, (i) => `{"key":"k${i}","operator":"Exists"}`)}]`,
    );
  }),
  posts('spread', 8000, PODS, (n, id) => {
    const spreadConstraint = (i: number) =>
      `{"maxSkew":1,"topologyKey":"k${i}","whenUnsatisfiable":"DoNotSchedule"}`;
    return pod(
      id,
      `${container('"env":[]')},"topologySpreadConstraints":[${list(n, spreadConstraint)}]`,
    );
  }),
  posts('resources', 8000, PODS, (n, id) => {
    return pod(id, container(`"resources":{"limits":{${list(n, (i) => `"a.b/r${i}":"1"`)}}}`));
  }),
  posts('resources of pod and containers', 4000, PODS, (n, id) => {
    const requests = `"requests":{${list(n, (i) => `"a.b/r${i}":"1"`)}}`;
    const containers = list(n, (i) => `{"name":"c${i}","image":"i"}`);
    return pod(id, `"containers":[${containers}],"resources":{${requests}}`);
  }),
  posts('claims', 5000, PODS, (n, id) => {
    const known = list(n, (i) => `{"name":"k${i}","resourceClaimName":"a"}`);
    return pod(
      id,
      `${container(`"resources":{"claims":[${list(n, (i) => `{"name":"x${i}"}`)}]}`)},"resourceClaims":[${known}]`,
    );
  }),
];

const kindCases: HostileCase[] = [
  posts('families', 20_000, SERVICES, (n, id) => {
    return `{${meta(id)},"spec":{"ports":[{"port":1}],"ipFamilies":[${list(n, (i) => `"v${i}"`)}]}}`;
  }),
  posts('service ports', 8000, SERVICES, (n, id) => {
    return `{${meta(id)},"spec":{"ports":[${list(n, (i) => `{"port":${i + 1},"name":"p${i}"}`)}]}}`;
  }),
  posts('expressions', 8000, DEPLOYMENTS, (n, id) => {
    const expressions = list(n, (i) => `{"key":"k${i}","operator":"NotIn","values":["x"]}`);
    return deployment(id, '').replace(
      '"matchLabels":{"a":"b"}',
      `"matchLabels":{"a":"b"},"matchExpressions":[${expressions}]`,
    );
  }),
  posts('schedule', 200_000, '/apis/batch/v1/namespaces/default/cronjobs', (n, id) => {
    const template = `{"spec":{"template":{"spec":{"restartPolicy":"Never",${container('"env":[]')}}}}}`;
    return `{${meta(id)},"spec":{"schedule":"${'1,'.repeat(n)}1 * * * *","jobTemplate":${template}}}`;
  }),
  posts('rules', 8000, `${RBAC}/roles`, (n, id) => {
    const rule = (i: number) => `{"apiGroups":["g${i}"],"resources":["r"],"verbs":["get"]}`;
    return `{${meta(id)},"rules":[${list(n, rule)}]}`;
  }),
  posts('subjects', 8000, `${RBAC}/rolebindings`, (n, id) => {
    const subject = (i: number) =>
      `{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"u${i}"}`;
    return `{${meta(id)},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"r"},"subjects":[${list(n, subject)}]}`;
  }),
  posts('secret', 10_000, '/api/v1/namespaces/default/secrets', (n, id) => {
    return `{${meta(id)},"data":{${list(n, (i) => `"k${i}":"YQ=="`)}}}`;
  }),
  posts('node', 5000, '/api/v1/nodes', (n, id) => {
    const [taints, addresses] = [
      list(n, (i) => `{"key":"k${i}","effect":"NoSchedule"}`),
      list(n, (i) => `{"type":"Hostname","address":"h${i}"}`),
    ];

    return `{${meta(id)},"spec":{"taints":[${taints}]},"status":{"addresses":[${addresses}]}}`;
  }),
  posts('review', 10_000, '/apis/authorization.k8s.io/v1/subjectaccessreviews', (n) => {
    return `{"spec":{"user":"a","groups":[${list(n, (i) => `"g${i}"`)}],"resourceAttributes":{"verb":"get","resource":"pods"}}}`;
  }),
  posts('properties of a definition', 5000, DEFINITIONS, (n, id) => {
    const properties = list(n, (i) => `"p${i}":{"type":"string"}`);
    return definition(
      id,
      `"schema":{"openAPIV3Schema":{"type":"object","properties":{${properties}}}}`,
    );
  }),
  posts('rules of a definition', 5000, DEFINITIONS, (n, id) => {
    const rules = list(n, (i) => `{"rule":"self.kind != 'a${i}'"}`);
    return definition(
      id,
      `"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-validations":[${rules}]}}`,
    );
  }),
  posts('set', 10_000, THINGS, (n, id) => thing(id, `"set":[${list(n, (i) => `"s${i}"`)}]`)),
  posts('map', 8000, THINGS, (n, id) => thing(id, `"map":[${list(n, (i) => `{"name":"s${i}"}`)}]`)),
  posts('anything', 10_000, THINGS, (n, id) => thing(id, `"any":{${list(n, (i) => `"k${i}":1`)}}`)),
  posts('unknown fields of a custom resource', 10_000, THINGS, (n, id) =>
    thing(
      id,
      list(n, (i) => `"k${i}":1`),
    ),
  ),
  posts('values that are not allowed', 20_000, THINGS, (n, id) =>
    thing(id, `"one":[${list(n, (i) => `"v${i}"`)}]`),
  ),
  posts('a duration', 500_000, THINGS, (n, id) => thing(id, `"duration":"${'1'.repeat(n)}"`)),
];

const apply = (id: string, spec: string) => ({
  method: 'PATCH' as const,
  path: `${THINGS}/${id}?fieldManager=a`,
  body: `{"apiVersion":"cost.example.com/v1","kind":"Thing","spec":{${spec}}}`,
  type: APPLY,
});

const patchCases: HostileCase[] = [
  {
    name: 'replaced items',
    n: 5000,
    make: (n, id) => ({
      method: 'PUT',
      path: `${THINGS}/${id}`,
      // Without the resourceVersion that custom resources need; all work before that check is done
      // anyway.
      body: thing(id, `"map":[${list(n, (i) => `{"name":"s${n - i}","value":"y"}`)}]`),
      create: [THINGS, thing(id, `"map":[${list(n, (i) => `{"name":"s${i}","value":"x"}`)}]`)],
    }),
  },
  {
    name: 'applied items',
    n: 5000,
    make: (n, id) => apply(id, `"map":[${list(n, (i) => `{"name":"s${i}"}`)}]`),
  },
  {
    name: 'applied set',
    n: 8000,
    make: (n, id) => apply(id, `"set":[${list(n, (i) => `"s${i}"`)}]`),
  },
  {
    name: 'conflicts',
    n: 5000,
    make: (n, id) => ({
      ...apply(id, `"map":[${list(n, (i) => `{"name":"s${i}","value":"y"}`)}]`),
      create: [THINGS, thing(id, `"map":[${list(n, (i) => `{"name":"s${i}","value":"x"}`)}]`)],
    }),
  },
  {
    name: 'conflicts below a long name',
    n: 5000,
    make: (n, id) => {
      const anyField = (value: number) =>
        `"any":{"${'n'.repeat(40 * n)}":{${list(n, (i) => `"k${i}":${value}`)}}}`;
      return { ...apply(id, anyField(2)), create: [THINGS, thing(id, anyField(1))] };
    },
  },
  {
    name: 'strategic patch of many elements',
    n: 8000,
    make: (n, id) => ({
      method: 'PATCH',
      path: `${DEPLOYMENTS}/${id}`,
      body: envPatch(`"env":[${env(n, 'y')}]`),
      type: STRATEGIC,
      create: [DEPLOYMENTS, deployment(id, env(n))],
    }),
  },
  {
    name: 'strategic patch of one element, many times',
    n: 8000,
    make: (n, id) => ({
      method: 'PATCH',
      path: `${DEPLOYMENTS}/${id}`,
      body: envPatch(`"env":[${list(n, (i) => `{"name":"E","x${i}":1}`)}]`),
      type: STRATEGIC,
      create: [DEPLOYMENTS, deployment(id, '{"name":"E","value":"y"}')],
    }),
  },
  {
    name: 'strategic patch of one list, many times',
    n: 8000,
    make: (n, id) => ({
      method: 'PATCH',
      path: `${DEPLOYMENTS}/${id}`,
      body: `{"spec":{"template":{"spec":{"containers":[${list(n, (i) => `{"name":"c","env":[{"name":"E${i}","value":"y"}]}`)}]}}}}`,
      type: STRATEGIC,
      create: [DEPLOYMENTS, deployment(id, env(10))],
    }),
  },
  {
    name: 'strategic patch that sets the order',
    n: 6000,
    make: (n, id) => {
      const order = list(n, (i) => `{"name":"E${n - 1 - i}"}`);

      return {
        method: 'PATCH',
        path: `${DEPLOYMENTS}/${id}`,
        body: envPatch(`"$setElementOrder/env":[${order}],"env":[${order}]`),
        type: STRATEGIC,
        create: [DEPLOYMENTS, deployment(id, env(n))],
      };
    },
  },
  {
    name: 'merge patch of unknown fields',
    n: 20_000,
    make: (n, id) => ({
      method: 'PATCH',
      path: `${MAPS}/${id}`,
      body: `{${list(n, (i) => `"k${i}":"v"`)}}`,
      type: MERGE,
      create: [MAPS, `{${meta(id)}}`],
    }),
  },
  {
    name: 'JSON patch at the beginning of a list',
    n: 4000,
    make: (n, id) => ({
      method: 'PATCH',
      path: `${THINGS}/${id}`,
      body: `[${list(n, () => '{"op":"add","path":"/spec/numbers/0","value":1}')}]`,
      type: JSON_PATCH,
      create: [THINGS, thing(id, `"numbers":[${list(10 * n, () => '1')}]`)],
    }),
  },
  {
    name: 'JSON patch that copies',
    n: 2000,
    make: (n, id) => ({
      method: 'PATCH',
      path: `${THINGS}/${id}`,
      body: `[${list(n, (i) => `{"op":"copy","from":"/spec/any","path":"/spec/any/x${i}"}`)}]`,
      type: JSON_PATCH,
      create: [THINGS, thing(id, '"any":{"a":[1]}')],
    }),
  },
  {
    name: 'JSON patch of a long path',
    n: 400_000,
    make: (n, id) => ({
      method: 'PATCH',
      path: `${THINGS}/${id}`,
      body: `[{"op":"add","path":"${'/a'.repeat(n)}","value":1}]`,
      type: JSON_PATCH,
      create: [THINGS, thing(id, '"any":{}')],
    }),
  },
];

/**
 * Requests of many kinds that are meant to take long: repeated keys, unknown fields, nesting, long
 * lists and long texts.
 */
export const HOSTILE_CASES: readonly HostileCase[] = [
  ...metadataCases,
  ...decodingCases,
  ...yamlCases,
  ...podCases,
  ...kindCases,
  ...patchCases,
];
