// Property tests against the real server's answers: random objects, patches, applies, selectors,
// quantities and names. PROPERTIES_SEED=<number> repeats a run, PROPERTIES_RUNS=<number> multiplies
// the cases.
import fc from 'fast-check';
import { define, groupOf } from '../definitions.mjs';

const seed = Number(process.env.PROPERTIES_SEED ?? 20_260_301);
const times = Number(process.env.PROPERTIES_RUNS ?? 1);

console.log(`properties: seed ${seed}`);

/**
 * Returns a scenario whose calls are made for each of `count` random values, which are the same for
 * both sides.
 */
const property = (name, count, arbitrary, run) => ({
  name,
  run: async (api) => {
    const values = fc.sample(fc.noBias(arbitrary), { seed, numRuns: count * times });
    await run(api, values);
  },
});

/** Returns an answer without the random letters of a generated name. */
function withoutRandom(answer, generateName) {
  const base = generateName.slice(0, 58).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const generated = new RegExp(`("${base})[a-z0-9]{5}(?=\\\\*")`, 'g');
  return JSON.parse(JSON.stringify(answer).replace(generated, '$1<random>'));
}

/**
 * Waits until kube-apiserver's watch cache has the object that a call wrote: a PATCH starts from the
 * cached object, and the warnings about an older one stay in the answer when it is tried again.
 */
async function untilCached(api, method, path, { status, body }) {
  const [target, query = ''] = path.split('?');
  const { name, resourceVersion } = body?.metadata ?? {};

  if (status < 300 && resourceVersion && !query.includes('dryRun')) {
    const object = method === 'POST' ? `${target}/${encodeURIComponent(name)}` : target;
    await api.quietly('GET', `${object}?resourceVersion=${resourceVersion}`);
  }
}

/**
 * Records the random body with a call, and of the answer only the fields that no controller writes.
 */
async function recordCall(api, method, path, body, type) {
  const patchType = {
    json: 'json-patch+json',
    merge: 'merge-patch+json',
    strategic: 'strategic-merge-patch+json',
  }[type];

  const contentType =
    type === 'apply' ? 'application/apply-patch+yaml' : `application/${patchType ?? 'json'}`;

  const answer = await api.quietly(method, path, {
    body,
    headers: { 'content-type': contentType },
  });

  await untilCached(api, method, path, answer);

  const {
    metadata: { resourceVersion: _version, uid: _uid, managedFields, ...metadata } = {},
    status: _,
    ...rest
  } = answer.body ?? {};

  const owned = managedFields?.filter(({ subresource }) => subresource !== 'status');

  let shown =
    answer.status < 300
      ? { ...rest, metadata: { ...metadata, managedFields: owned } }
      : answer.body;

  // Conflicts list managers in any order.
  if (answer.status === 409) {
    shown = {
      ...shown,
      details: {
        causes: shown.details?.causes?.toSorted((a, b) => (a.message < b.message ? -1 : 1)),
      },
    };
  }

  const { generateName } = body.metadata ?? {};
  if (generateName) {
    shown = withoutRandom(shown, generateName);
  }

  api.transcript.push({
    call: `${method} ${path} ${type ?? ''} ${JSON.stringify(body)}`,
    status: answer.status,
    ...(answer.warnings.length > 0 && { warnings: answer.warnings }),
    body: shown,
  });

  return answer;
}

const pick = (...values) => fc.constantFrom(...values);
const arrayOf = (arbitrary, maxLength = 3, minLength = 0) =>
  fc.array(arbitrary, { minLength, maxLength });
const distinct = (arbitrary, selector, maxLength = 3, minLength = 0) =>
  fc.uniqueArray(arbitrary, { selector, minLength, maxLength });

/** Returns an arbitrary object in which each field may be missing. */
const partial = (fields) => fc.record(fields, { requiredKeys: [] });

/** Returns an arbitrary field with one of the values, or null, which deletes. */
const orNull = (arbitrary) =>
  fc.oneof({ weight: 4, arbitrary }, { weight: 1, arbitrary: fc.constant(null) });
const nullable = (fields) =>
  partial(Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, orNull(value)])));

const word = pick('a', 'b', 'c', 'd');
const text = pick('', '1', 'two', 'three words here', 'ü', 'a\nb', 'true', '0');
const labels = fc.dictionary(pick('a', 'b', 'c', 'x.io/d'), pick('', '1', 'two', 'x'), {
  maxKeys: 3,
});
const mapPatch = fc.dictionary(pick('a', 'b', 'c', 'x.io/d'), orNull(pick('', '1', 'two')), {
  maxKeys: 3,
});

// Pod templates, which have nested lists merged by keys and no controller that writes to them.
const envVar = fc.record({ name: pick('A', 'B', 'C', 'D'), value: text });

const port = fc.record(
  {
    containerPort: pick(80, 81, 443, 53),
    protocol: pick('TCP', 'UDP'),
    name: pick('http', 'dns', 'tls'),
  },
  { requiredKeys: ['containerPort'] },
);

const mount = fc.record({ name: pick('v', 'w'), mountPath: pick('/v', '/w', '/x') });

const quantityText = pick(
  '1',
  '100m',
  '0.5',
  '1Gi',
  '128Mi',
  '1e3',
  '1500m',
  '2k',
  '0.1',
  '1.5Gi',
  '12E',
);

const resources = partial({
  requests: fc.dictionary(pick('cpu', 'memory'), quantityText),
});

const containerFields = {
  image: pick('i:1', 'i:2', 'i'),
  args: arrayOf(word),
  env: distinct(envVar, ({ name }) => name),
  ports: distinct(port, ({ containerPort, protocol = 'TCP' }) => `${containerPort}${protocol}`, 2),
  volumeMounts: distinct(mount, ({ mountPath }) => mountPath, 2),
  resources,
  imagePullPolicy: pick('Always', 'Never', 'IfNotPresent'),
};

const container = fc.record(
  { name: pick('one', 'two', 'three'), ...containerFields },
  { requiredKeys: ['name', 'image'] },
);

const toleration = fc.record({
  key: word,
  operator: fc.constant('Exists'),
  effect: pick('NoSchedule', 'NoExecute'),
});

const podSpecFields = {
  nodeSelector: labels,
  tolerations: distinct(toleration, ({ key, effect }) => key + effect),
  hostAliases: distinct(
    fc.record({ ip: pick('10.1.0.1', '10.1.0.2'), hostnames: arrayOf(word, 2, 1) }),
    ({ ip }) => ip,
  ),
  imagePullSecrets: distinct(fc.record({ name: word }), ({ name }) => name),
  terminationGracePeriodSeconds: fc.nat(60),
  hostNetwork: fc.boolean(),
};

const volumes = [
  { name: 'v', emptyDir: {} },
  { name: 'w', configMap: { name: 'c' } },
];

const podSpec = fc
  .record(
    { containers: distinct(container, ({ name }) => name, 3, 1), ...podSpecFields },
    { requiredKeys: ['containers'] },
  )
  .map((spec) => ({ ...spec, volumes }));

const someLabels = labels.filter((map) => Object.keys(map).length > 0);

const podTemplate = fc.record({
  metadata: partial({ labels: someLabels, annotations: someLabels }),
  template: fc.record({
    metadata: partial({ labels: someLabels, annotations: someLabels }),
    spec: podSpec,
  }),
});

/** Returns directives of the strategic merge patch for a list of objects merged by one key. */
const mergedList = (key, keys, fields) => {
  const item = fc.oneof(
    {
      weight: 5,
      arbitrary: fc
        .tuple(keys, nullable(fields))
        .map(([value, rest]) => ({ ...rest, [key]: value })),
    },
    { weight: 2, arbitrary: keys.map((value) => ({ [key]: value, $patch: 'delete' })) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(keys, partial(fields))
        .map(([value, rest]) => ({ ...rest, [key]: value, $patch: 'replace' })),
    },
    { weight: 1, arbitrary: fc.constant({ $patch: 'replace' }) },
  );

  return distinct(item, (one) => `${one[key]} ${one.$patch}`);
};

/**
 * Returns the list under its name, sometimes with the order of its items. When a patch has two
 * faults, the real server reports a random one: only in lists that stand alone may the order
 * contradict the items.
 */
const orderedList = (name, list, key, keys, alone = false) =>
  fc
    .tuple(
      list,
      fc.option(fc.uniqueArray(keys, { minLength: 3, maxLength: 3 }), { nil: undefined, freq: 3 }),
    )
    .map((/** @type {[any, any]} */ [items, order]) => {
      if (!order) {
        return { [name]: items };
      }

      const place = (item) => order.indexOf(key ? item[key] : item);
      const unique = items.filter(
        (item, at) => items.findIndex((other) => place(other) === place(item)) === at,
      );

      return {
        [name]: alone ? items : unique.toSorted((a, b) => place(a) - place(b)),
        [`$setElementOrder/${name}`]: key ? order.map((value) => ({ [key]: value })) : order,
      };
    });

const mergeParts = (...parts) => fc.tuple(...parts).map((all) => Object.assign({}, ...all));

/** Sometimes replaces the map, or keeps only the named keys of it. */
const withReplace = (arbitrary) =>
  fc.oneof(
    { weight: 8, arbitrary },
    { weight: 1, arbitrary: arbitrary.map((value) => ({ ...value, $patch: 'replace' })) },
    { weight: 1, arbitrary: fc.constant({ $patch: 'delete' }) },
  );

const withRetainKeys = (arbitrary) =>
  fc.oneof(
    { weight: 5, arbitrary: withReplace(arbitrary) },
    {
      weight: 1,
      arbitrary: arbitrary.map((value) => ({ ...value, $retainKeys: Object.keys(value) })),
    },
  );

const containerPatch = {
  image: containerFields.image,
  args: containerFields.args,
  imagePullPolicy: containerFields.imagePullPolicy,
  env: mergedList('name', pick('A', 'B', 'C', 'D'), { value: text }),
  ports: mergedList('containerPort', pick(80, 81, 443), { name: pick('http', 'dns') }),
  volumeMounts: mergedList('mountPath', pick('/v', '/w', '/x'), { name: pick('v', 'w') }),
  resources: withReplace(
    partial({ requests: fc.dictionary(pick('cpu', 'memory'), orNull(quantityText)) }),
  ),
};

const finalizers = pick('a.io/a', 'a.io/b', 'a.io/c');

const finalizerPatch = fc.oneof(
  fc.constant({}),
  fc.record({ finalizers: fc.uniqueArray(finalizers, { maxLength: 2 }) }),
  fc.record({
    '$deleteFromPrimitiveList/finalizers': fc.uniqueArray(finalizers, {
      maxLength: 2,
      minLength: 1,
    }),
  }),
  orderedList('finalizers', fc.uniqueArray(finalizers, { maxLength: 2 }), undefined, finalizers),
);

const strategicSpec = withRetainKeys(
  mergeParts(
    orderedList(
      'containers',
      mergedList('name', pick('one', 'two', 'three'), containerPatch),
      'name',
      pick('one', 'two', 'three'),
    ),
    nullable({
      nodeSelector: withReplace(mapPatch),
      tolerations: podSpecFields.tolerations,
      terminationGracePeriodSeconds: fc.nat(60),
      hostNetwork: fc.boolean(),
      imagePullSecrets: mergedList('name', word, {}),
      hostAliases: mergedList('ip', pick('10.1.0.1', '10.1.0.2'), {
        hostnames: arrayOf(word, 2, 1),
      }),
      securityContext: withReplace(nullable({ runAsUser: fc.nat(1000), fsGroup: fc.nat(1000) })),
    }),
    partial({ volumes: mergedList('name', pick('v', 'w', 'u'), { emptyDir: fc.constant({}) }) }),
  ),
);

const strategicPatch = partial({
  metadata: mergeParts(
    finalizerPatch,
    nullable({ labels: withReplace(mapPatch), annotations: withReplace(mapPatch) }),
  ),
  template: partial({ metadata: nullable({ labels: withReplace(mapPatch) }), spec: strategicSpec }),
});

const mergePatch = partial({
  metadata: nullable({
    labels: mapPatch,
    annotations: mapPatch,
    finalizers: fc.uniqueArray(finalizers),
  }),
  template: fc.oneof(
    { weight: 1, arbitrary: fc.constant(null) },
    {
      weight: 8,
      arbitrary: partial({
        metadata: orNull(nullable({ labels: mapPatch, annotations: mapPatch })),
        spec: nullable({
          ...podSpecFields,
          containers: distinct(container, ({ name }) => name, 2, 1),
        }),
      }),
    },
  ),
});

/** Creates an object and patches it repeatedly. */
const patchRepeatedly = (resource, prefix, types) => async (api, values) => {
  const at = resource(api);

  for (const [index, { object, patches }] of values.entries()) {
    const name = `${prefix}-${index}`;

    const { status } = await recordCall(api, 'POST', at, {
      ...object,
      metadata: { ...object.metadata, name },
    });

    if (status !== 201) {
      continue;
    }

    for (const patch of patches) {
      await recordCall(api, 'PATCH', `${at}/${name}`, patch.body, patch.type ?? types);
    }
  }
};

const templates = (api) => `${api.core}/podtemplates`;

// A service without an address of its own; its ports are merged by port, in an apply by port and
// protocol.
const servicePort = fc.record(
  {
    name: pick('http', 'https', 'dns'),
    port: pick(80, 443, 53),
    protocol: pick('TCP', 'UDP'),
    targetPort: pick(80, 8080, 'http', '0'),
  },
  { requiredKeys: ['name', 'port'] },
);

const portsOf = distinct(servicePort, ({ name }) => name, 3, 1).filter(
  (ports) =>
    new Set(ports.map(({ port, protocol = 'TCP' }) => `${port}${protocol}`)).size === ports.length,
);

const service = portsOf.map((ports) => ({
  spec: { clusterIP: 'None', selector: { a: 'b' }, ports },
}));

const servicePatch = partial({
  metadata: nullable({ labels: withReplace(mapPatch) }),
  spec: mergeParts(
    orderedList(
      'ports',
      mergedList('port', pick(80, 443, 53), {
        name: pick('http', 'dns'),
        targetPort: pick(8080, 'web'),
      }),
      'port',
      pick(80, 443, 53),
      true,
    ),
    nullable({
      selector: withReplace(mapPatch),
      sessionAffinity: pick('None', 'ClientIP', 'Other'),
      externalName: pick('example.com'),
      type: pick('ClusterIP', 'ExternalName'),
      publishNotReadyAddresses: fc.boolean(),
    }),
  ),
});

const deployment = podSpec.map((spec) => ({
  spec: {
    paused: true,
    replicas: 0,
    selector: { matchLabels: { app: 'x' } },
    template: { metadata: { labels: { app: 'x' } }, spec },
  },
}));

const strategyPatch = withRetainKeys(
  nullable({
    type: pick('Recreate', 'RollingUpdate'),
    rollingUpdate: nullable({
      maxSurge: pick(1, '25%', 0),
      maxUnavailable: pick(0, 2, '10%', 'x'),
    }),
  }),
);

const deploymentPatch = partial({
  metadata: nullable({ labels: mapPatch }),
  spec: nullable({
    strategy: strategyPatch,
    minReadySeconds: fc.integer({ min: -1, max: 5 }),
    revisionHistoryLimit: fc.nat(3),
    template: partial({ spec: strategicSpec }),
  }),
});

const configMap = fc.record({ data: fc.dictionary(pick('a', 'b.c', 'D_e'), text) });

const mapFields = (texts, bytes) =>
  partial({
    data: orNull(fc.dictionary(pick('a', 'b.c', 'D_e'), orNull(texts))),
    binaryData: orNull(fc.dictionary(pick('y', 'z'), orNull(bytes))),
    immutable: fc.boolean(),
    metadata: nullable({ labels: mapPatch, annotations: mapPatch }),
  });

const configMapPatch = fc.oneof(
  fc.record({ type: pick('merge', 'strategic'), body: mapFields(text, pick('AAA=', '', 'AQID')) }),
  fc.record({ type: fc.constant('merge'), body: mapFields(text, pick('AAA=', 'A', '=')) }),
  fc.record({
    type: fc.constant('merge'),
    body: mapFields(fc.oneof(text, fc.boolean()), pick('AAA=')),
  }),
  fc.record({
    type: fc.constant('json'),
    body: arrayOf(
      fc.oneof(
        fc.record({
          op: pick('add', 'replace', 'test'),
          path: pick(
            '/data/a',
            '/data/q',
            '/data',
            '/metadata/labels',
            '/metadata/labels/a',
            '/data/b.c/x',
          ),
          value: fc.oneof(text, fc.constant({ a: 'z' })),
        }),
        fc.record({ op: pick('remove'), path: pick('/data/a', '/data/b.c', '/data', '/x/y', '') }),
        fc.record({
          op: pick('move', 'copy'),
          from: pick('/data/a', '/data/D_e', '/data'),
          path: pick('/data/b', '/data/c', '/data/a/b'),
        }),
      ),
      3,
      1,
    ),
  }),
);

const withPatches = (object, patch, maxLength = 1) =>
  fc.record({ object, patches: fc.array(patch, { minLength: 1, maxLength }) });
const body = (arbitrary) => arbitrary.map((value) => ({ body: value }));

// Server-side applies: three managers, sometimes by force or with another kind of write between.
const steps = (object, other) =>
  fc.array(
    fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({ manager: pick('one', 'two', 'three'), force: fc.boolean(), object }),
      },
      { weight: 1, arbitrary: fc.record({ patch: other }) },
    ),
    { minLength: 2, maxLength: 5 },
  );

const applyRepeatedly = (at, prefix, apiVersion, kind, otherType) => async (api, values) => {
  const collection = at(api);

  for (const [index, sequence] of values.entries()) {
    const name = `${prefix}-${index}`;

    for (const { manager, force, object, patch } of sequence) {
      if (patch) {
        await recordCall(
          api,
          'PATCH',
          `${collection}/${name}?fieldManager=patcher`,
          patch,
          otherType,
        );
      } else {
        const all = {
          apiVersion: apiVersion(api),
          kind,
          ...object,
          metadata: { ...object.metadata, name },
        };

        await recordCall(
          api,
          'PATCH',
          `${collection}/${name}?fieldManager=${manager}&force=${force}`,
          all,
          'apply',
        );
      }
    }
  }
};

const customFields = {
  size: fc.nat(3),
  tags: fc.oneof(
    { weight: 6, arbitrary: fc.uniqueArray(word, { maxLength: 3 }) },
    { weight: 1, arbitrary: arrayOf(word, 3) },
  ),
  parts: fc.oneof(
    {
      weight: 6,
      arbitrary: distinct(
        fc.record(
          { name: word, zone: pick('x', 'y'), count: fc.nat(3), notes: arrayOf(word, 2) },
          { requiredKeys: ['name'] },
        ),
        ({ name, zone = 'x' }) => name + zone,
      ),
    },
    { weight: 1, arbitrary: arrayOf(fc.record({ name: word }, { requiredKeys: [] }), 2) },
  ),
  whole: arrayOf(fc.record({ a: fc.nat(2) }), 2),
  atom: fc.record({ a: word, b: word }, { requiredKeys: ['a'] }),
  // Maps are not empty: the real server turns an empty map that is applied to a missing one into
  // null, and refuses it.
  free: fc.dictionary(
    word,
    fc.oneof(word, fc.nat(3), arrayOf(word, 2), fc.dictionary(word, fc.nat(2), { maxKeys: 2 })),
    {
      minKeys: 1,
      maxKeys: 2,
    },
  ),
  map: fc.dictionary(word, fc.record({ p: fc.nat(2), q: text }, { requiredKeys: ['p'] }), {
    minKeys: 1,
    maxKeys: 2,
  }),
  text: fc.option(text, { freq: 4 }),
};

const customObject = fc.record({
  metadata: partial({ labels, annotations: labels }),
  spec: partial(customFields),
});

const customSchema = {
  spec: {
    type: 'object',
    properties: {
      size: { type: 'integer', maximum: 2 },
      tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
      parts: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name', 'zone'],
        items: {
          type: 'object',
          required: ['name'],
          properties: {
            name: { type: 'string' },
            zone: { type: 'string', default: 'x' },
            count: { type: 'integer' },
            notes: { type: 'array', items: { type: 'string' } },
          },
        },
      },
      whole: {
        type: 'array',
        'x-kubernetes-list-type': 'atomic',
        items: { type: 'object', properties: { a: { type: 'integer' } } },
      },
      atom: {
        type: 'object',
        'x-kubernetes-map-type': 'atomic',
        properties: { a: { type: 'string' }, b: { type: 'string' } },
      },
      free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      map: {
        type: 'object',
        additionalProperties: {
          type: 'object',
          properties: { p: { type: 'integer' }, q: { type: 'string' } },
        },
      },
      text: { type: 'string', nullable: true },
    },
  },
};

const customPatch = partial({
  spec: nullable(customFields),
  metadata: nullable({ labels: mapPatch }),
});

// Selectors: valid ones and almost valid strings.
const key = pick('a', 'b', 'x.io/d', 'none');
const value = pick('1', 'two', 'x', '', '5');
const set = fc.array(value, { minLength: 1, maxLength: 3 }).map((all) => `(${all.join(',')})`);

const requirement = fc.oneof(
  fc.tuple(key, pick('=', '==', '!=', ' = '), value).map((all) => all.join('')),
  fc.tuple(key, pick(' in ', ' notin '), set).map((all) => all.join('')),
  key,
  key.map((name) => `!${name}`),
  fc.tuple(key, pick('>', '<'), pick('1', '4', '-1', 'x', '')).map((all) => all.join('')),
);

const tokens = pick(
  'a',
  'b',
  '=',
  '==',
  '!=',
  '!',
  'in',
  'notin',
  '(',
  ')',
  ',',
  ' ',
  '1',
  'two',
  '>',
  '<',
  '/',
  '-x',
  'é',
);

const labelSelector = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.array(requirement, { minLength: 1, maxLength: 3 }).map((all) => all.join(',')),
  },
  {
    weight: 2,
    arbitrary: fc.array(tokens, { minLength: 1, maxLength: 6 }).map((all) => all.join('')),
  },
);

const fieldKey = pick('metadata.name', 'metadata.namespace', 'type', 'spec.x', 'metadata.labels');

const fieldSelector = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .array(
        fc
          .tuple(
            fieldKey,
            pick('=', '==', '!='),
            pick('s-0', 's-1', 'Opaque', 'x.io/y', '', 'a\\,b', 'a\\=b', 'a\\b'),
          )
          .map((all) => all.join('')),
        { minLength: 1, maxLength: 3 },
      )
      .map((all) => all.join(',')),
  },
  {
    weight: 1,
    arbitrary: fc
      .array(pick('metadata.name', '=', '!=', '==', ',', '\\', 's-0', ' ', '!'), {
        minLength: 1,
        maxLength: 5,
      })
      .map((all) => all.join('')),
  },
);

// Quantities: digits, a point, exponents and suffixes in all combinations.
const digits = fc
  .array(pick('0', '1', '5', '9', '00', '123456789'), { maxLength: 3 })
  .map((all) => all.join(''));

const quantity = fc.oneof(
  fc
    .tuple(
      pick('', '', '', '+', '-'),
      digits,
      pick('', '', '.'),
      digits,
      pick(
        '',
        '',
        'n',
        'u',
        'm',
        'k',
        'M',
        'G',
        'T',
        'P',
        'E',
        'Ki',
        'Mi',
        'Gi',
        'Ti',
        'Pi',
        'Ei',
        'e3',
        'E2',
        'e-2',
        'e+1',
        'K',
        'mi',
        ' ',
        'e',
        'e19',
      ),
    )
    .map((all) => all.join('')),
  fc.nat(100_000),
  fc.double({ min: 0, max: 1000, noNaN: true }).map((number) => Number(number.toFixed(4))),
);

// Names: letters, digits and forbidden characters.
const nameText = fc
  .array(
    pick(
      'a',
      'b',
      '0',
      '9',
      '-',
      '.',
      'A',
      '_',
      '/',
      '%',
      ' ',
      'é',
      'x'.repeat(62),
      'y'.repeat(130),
    ),
    {
      maxLength: 5,
    },
  )
  .map((all) => all.join(''));

export default [
  property(
    'strategic merge patches of pod templates',
    45,
    withPatches(podTemplate, body(strategicPatch)),
    patchRepeatedly(templates, 'st', 'strategic'),
  ),
  property(
    'merge patches of pod templates',
    20,
    withPatches(podTemplate, body(mergePatch)),
    patchRepeatedly(templates, 'mt', 'merge'),
  ),
  property(
    'strategic merge patches of services',
    25,
    withPatches(service, body(servicePatch)),
    patchRepeatedly((api) => `${api.core}/services`, 'ss', 'strategic'),
  ),
  property(
    'strategic merge patches of deployments',
    20,
    withPatches(deployment, body(deploymentPatch)),
    patchRepeatedly((api) => `${api.group('apps/v1')}/deployments`, 'sd', 'strategic'),
  ),
  property(
    'patches of config maps',
    50,
    withPatches(configMap, configMapPatch),
    patchRepeatedly((api) => `${api.core}/configmaps`, 'cm'),
  ),
  property(
    'applies of pod templates by several managers',
    30,
    steps(podTemplate, strategicPatch),
    applyRepeatedly(templates, 'at', () => 'v1', 'PodTemplate', 'strategic'),
  ),
  property(
    'applies of services by several managers',
    20,
    steps(service, servicePatch),
    applyRepeatedly(
      (api) => `${api.core}/services`,
      'as',
      () => 'v1',
      'Service',
      'strategic',
    ),
  ),
  property(
    'applies of custom objects by several managers',
    45,
    steps(customObject, customPatch),
    async (api, values) => {
      const { things } = await define(api, [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: customSchema } },
        },
      ]);

      await applyRepeatedly(
        () => things,
        'ac',
        () => `${groupOf(api)}/v1`,
        'Thing',
        'merge',
      )(api, values);
    },
  ),
  property(
    'label and field selectors',
    100,
    fc.record({ labelSelector, fieldSelector }),
    async (api, values) => {
      const objects = fc.sample(fc.dictionary(pick('a', 'b', 'x.io/d'), value, { maxKeys: 3 }), {
        seed,
        numRuns: 12,
      });

      for (const [index, own] of objects.entries()) {
        await api.quietly('POST', `${api.core}/secrets`, {
          body: {
            metadata: { name: `s-${index}`, labels: { all: 'yes', ...own } },
            type: index % 3 === 0 ? 'x.io/y' : 'Opaque',
          },
        });
      }

      for (const selectors of values) {
        for (const [name, selector] of Object.entries(selectors)) {
          const path = `${api.core}/secrets?${new URLSearchParams({ [name]: selector })}`;
          const { status, body: list } = await api.quietly('GET', path);
          const found = status === 200 ? list.items.map(({ metadata }) => metadata.name) : list;
          api.transcript.push({ call: `GET ${name} ${selector}`, status, body: found });
        }
      }
    },
  ),
  property('quantities', 150, quantity, async (api, values) => {
    for (const [index, amount] of values.entries()) {
      await recordCall(api, 'POST', `${api.core}/resourcequotas?dryRun=All`, {
        metadata: { name: `q-${index}` },
        spec: { hard: { 'limits.cpu': amount } },
      });

      // The real server takes an amount of more than 63 bits for a fraction of a byte.
      if (index % 3 === 0 && !/[PEe]|[TG]i?$|\d{17}/.test(String(amount))) {
        await recordCall(api, 'POST', `${api.core}/podtemplates?dryRun=All`, {
          metadata: { name: `q-${index}` },
          template: {
            spec: {
              containers: [{ name: 'c', image: 'i', resources: { limits: { memory: amount } } }],
            },
          },
        });
      }
    }
  }),
  property(
    'names',
    60,
    fc.record({ name: nameText, label: nameText, port: nameText }),
    async (api, values) => {
      for (const { name, label, port } of values) {
        await recordCall(api, 'POST', `${api.core}/configmaps?dryRun=All`, {
          metadata: { name, labels: { [label]: name }, annotations: { [name]: label } },
        });

        await recordCall(api, 'POST', `${api.core}/services?dryRun=All`, {
          metadata: { name },
          spec: {
            clusterIP: 'None',
            selector: { [name]: label },
            ports: [{ port: 80, name: port, targetPort: port }],
          },
        });

        await recordCall(api, 'POST', `${api.core}/configmaps?dryRun=All`, {
          metadata: { generateName: name.replaceAll('é', 'e'), finalizers: [label] },
        });

        await recordCall(api, 'POST', `${api.core}/events?dryRun=All`, {
          metadata: { name, labels: { a: label } },
          involvedObject: { namespace: api.namespace },
        });
      }
    },
  ),
];
