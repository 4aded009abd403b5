import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { StatusError } from '../../meta/errors.ts';
import type { KubeObject } from '../../meta/types.ts';
import type { Schema } from '../../schema/schema.ts';
import { applyServerSide, checkConfiguration } from './apply.ts';
import { FieldSet } from './field-set.ts';
import { trackUpdate } from './managed-fields.ts';

const words = { type: 'object', additionalProperties: { type: 'string' } } as const;

const schema: Schema = {
  type: 'object',
  properties: {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: {
      type: 'object',
      'x-struct': true,
      properties: {
        name: { type: 'string' },
        labels: words,
        annotations: words,
        finalizers: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
      },
    },
    spec: {
      type: 'object',
      'x-struct': true,
      properties: {
        replicas: { type: 'integer' },
        selector: { ...words, 'x-kubernetes-map-type': 'atomic' },
        args: { type: 'array', items: { type: 'string' } },
        keyed: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['id'],
          items: {
            type: 'object',
            properties: { id: { type: 'string' }, name: { type: 'string' } },
          },
        },
        ports: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['port', 'protocol'],
          items: {
            type: 'object',
            properties: {
              port: { type: 'integer' },
              protocol: { type: 'string', default: 'TCP' },
              name: { type: 'string' },
            },
          },
        },
      },
    },
    status: { type: 'object', 'x-struct': true, properties: { ready: { type: 'integer' } } },
  },
};

const now = new Date('2026-01-01T00:00:00Z');
const base = { schema, apiVersion: 'v1', now };

const object = (spec: object, metadata: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: { name: 'x', ...metadata },
  spec,
});

const apply = (live: KubeObject | undefined, manager: string, applied: KubeObject, force = false) =>
  applyServerSide({ ...base, live, applied, manager, force });
const update = (before: KubeObject | undefined, manager: string, after: KubeObject) =>
  trackUpdate({ ...base, before, after, manager });

const owners = (object: KubeObject) =>
  Object.fromEntries(
    (object.metadata.managedFields ?? []).map((entry) => [entry.manager, entry.fieldsV1]),
  );

test('an apply that creates owns the fields of the configuration, except the identity', () => {
  const created = apply(
    undefined,
    'a',
    object({ replicas: 1, ports: [{ port: 80, name: 'http' }] }),
  );

  assert.deepEqual(created.metadata.managedFields, [
    {
      manager: 'a',
      operation: 'Apply',
      apiVersion: 'v1',
      time: '2026-01-01T00:00:00Z',
      fieldsType: 'FieldsV1',
      fieldsV1: {
        'f:spec': {
          'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:name': {}, 'f:port': {} } },
          'f:replicas': {},
        },
      },
    },
  ]);
});

test('a change of a field that another applied is a conflict unless forced', () => {
  const live = apply(undefined, 'a', object({ replicas: 1 }));
  assert.throws(() => apply(live, 'b', object({ replicas: 2 })), {
    code: 409,
    reason: 'Conflict',
    message: 'Apply failed with 1 conflict: conflict with "a": .spec.replicas',
    details: {
      causes: [
        { reason: 'FieldManagerConflict', message: 'conflict with "a"', field: '.spec.replicas' },
      ],
    },
  });

  const forced = apply(live, 'b', object({ replicas: 2 }), true);
  assert.equal(forced.spec.replicas, 2);
  assert.deepEqual(Object.keys(owners(forced)), ['b']);
});

test('conflicts with an update name its version; several are listed by manager', () => {
  const live = update(
    undefined,
    'kubectl',
    object({ replicas: 1, ports: [{ port: 80, protocol: 'TCP', name: 'a' }] }),
  );

  assert.throws(() => apply(live, 'b', object({ replicas: 2, ports: [{ port: 80, name: 'b' }] })), {
    message: `Apply failed with 2 conflicts: conflicts with "kubectl" using v1:
- .spec.replicas
- .spec.ports[port=80,protocol="TCP"].name`,
  });
});

test('an applier that drops its metadata leaves the other fields', () => {
  const live = apply(undefined, 'a', object({ replicas: 1 }, { labels: { a: '1' } }));
  live.metadata.resourceVersion = '7';

  const next = apply(live, 'a', object({ replicas: 2 }));
  assert.equal(next.metadata.resourceVersion, '7');
  assert.equal(next.metadata.labels, undefined);
});

test('equal values are shared by managers; a field without a manager is removed', () => {
  let live = apply(
    undefined,
    'a',
    object({ replicas: 1, args: ['x'] }, { labels: { a: '1', b: '2' } }),
  );

  live = apply(live, 'b', object({ replicas: 1 }, { labels: { a: '1' } }));
  live = apply(live, 'a', object({}));
  assert.deepEqual(live.spec, { replicas: 1 });
  assert.deepEqual(live.metadata.labels, { a: '1' });
  live = apply(live, 'b', object({}));
  assert.equal(live.spec?.replicas, undefined);
});

test('an element is removed when its only applier drops it, even if an update set a field in it', () => {
  let live = apply(undefined, 'a', object({ ports: [{ port: 80 }, { port: 81 }] }));
  const changed = structuredClone(live);

  changed.spec.ports[1].name = 'named';
  live = apply(update(live, 'u', changed), 'a', object({ ports: [{ port: 80 }] }));
  assert.deepEqual(live.spec.ports, [{ port: 80 }]);
  assert.deepEqual(Object.keys(owners(live)), ['a']);
});

test('lists keep the order of the applier; sets are united; atomic ones are replaced', () => {
  let live = update(undefined, 'u', object({ args: ['a'] }, { finalizers: ['x/a'] }));
  live = apply(live, 'b', object({ selector: { a: 'b' } }, { finalizers: ['x/b'] }));
  assert.deepEqual(live.metadata.finalizers, ['x/a', 'x/b']);

  assert.deepEqual(owners(live).b, {
    'f:metadata': { 'f:finalizers': { 'v:"x/b"': {} } },
    'f:spec': { 'f:selector': {} },
  });

  assert.throws(() => apply(live, 'c', object({ args: ['b'] })), { code: 409 });
  assert.deepEqual(apply(live, 'c', object({ args: ['b'] }), true).spec.args, ['b']);
});

test('applying the same again changes nothing, not even the time', () => {
  const config = object({ replicas: 1, ports: [{ port: 80 }] }, { labels: { a: 'b' } });
  const live = apply(undefined, 'a', config);

  const again = applyServerSide({
    ...base,
    now: new Date(),
    live,
    applied: config,
    manager: 'a',
    force: false,
  });

  assert.deepEqual(again, live);
});

test('kubectl takes over the fields of a client-side apply', () => {
  const config = object({ replicas: 1 });
  const annotation = { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(config) };

  const live = update(
    undefined,
    'kubectl-client-side-apply',
    object({ replicas: 1 }, { annotations: annotation }),
  );

  const applied = apply(live, 'kubectl', object({ replicas: 2 }));
  assert.equal(applied.spec.replicas, 2);

  assert.match(
    applied.metadata.annotations!['kubectl.kubernetes.io/last-applied-configuration']!,
    /"replicas":2/,
  );

  assert.throws(() => apply(live, 'other', object({ replicas: 2 })), { code: 409 });
});

test('an object without managedFields is owned by before-first-apply', () => {
  const live = apply(object({ replicas: 1 }), 'a', object({}, { labels: { a: 'b' } }));
  assert.deepEqual(owners(live)['before-first-apply'], { 'f:spec': { 'f:replicas': {} } });
});

test('updates take over fields, and status belongs to its subresource', () => {
  const created = update(undefined, 'a', {
    ...object({ replicas: 1, args: ['x'] }),
    status: { ready: 1 },
  });

  assert.deepEqual(owners(created), { a: { 'f:spec': { 'f:args': {}, 'f:replicas': {} } } });

  const updated = update(created, 'b', { ...structuredClone(created), spec: { replicas: 2 } });
  assert.deepEqual(owners(updated), { b: { 'f:spec': { 'f:replicas': {} } } });

  const status = trackUpdate({
    ...base,
    before: updated,
    after: { ...updated, status: { ready: 3 } },
    manager: 'c',
    subresource: 'status',
  });

  assert.deepEqual(status.metadata.managedFields?.at(-1), {
    manager: 'c',
    operation: 'Update',
    apiVersion: 'v1',
    time: '2026-01-01T00:00:00Z',
    fieldsType: 'FieldsV1',
    fieldsV1: { 'f:status': { 'f:ready': {} } },
    subresource: 'status',
  });
});

test('at most ten updates have entries of their own; an empty list resets', () => {
  let live = update(undefined, 'first', object({}, { labels: { first: 'x' } }));

  for (let i = 0; i < 15; i++) {
    const after = structuredClone(live);
    after.metadata.labels = { ...after.metadata.labels, [`l${i}`]: 'x' };
    live = trackUpdate({
      ...base,
      now: new Date(now.getTime() + i * 1000),
      before: live,
      after,
      manager: `m${i}`,
    });
  }

  assert.equal(live.metadata.managedFields?.length, 10);
  assert.ok(owners(live)['ancient-changes']);

  const reset = update(live, 'r', { ...live, metadata: { ...live.metadata, managedFields: [] } });
  assert.equal(reset.metadata.managedFields, undefined);

  const labelled = { ...reset, metadata: { ...reset.metadata, labels: { later: 'x' } } };
  assert.equal(
    update(reset, 'later', labelled).metadata.managedFields,
    undefined,
    'and stays reset',
  );
});

test('refuses managedFields in a configuration, and configurations that do not fit the schema', () => {
  assert.throws(() => apply(undefined, 'a', object({}, { managedFields: [] })), { code: 400 });

  const catchRefusal = (spec: Record<string, unknown>) => {
    try {
      checkConfiguration(object(spec), schema);
      return undefined;
    } catch (error) {
      assert.equal((error as StatusError).code, 500);
      return (error as Error).message.replace(/^failed to create typed patch object \(.*?\): /, '');
    }
  };

  assert.equal(catchRefusal({ ports: [{ port: 80 }] }), undefined);

  assert.equal(
    catchRefusal({ ports: [{ port: 80 }, { port: 80 }] }),
    '.spec.ports: duplicate entries for key [port=80,protocol="TCP"]',
  );

  assert.match(
    catchRefusal({ keyed: [{ name: 'x' }] })!,
    /^\.spec\.keyed: element 0: .*omits all key fields \["id"\]/,
  );

  assert.equal(catchRefusal({ nothing: 1 }), '.spec.nothing: field not declared in schema');
  assert.equal(catchRefusal({ ports: 'x' }), '.spec.ports: expected list, got &{x}');

  assert.match(
    catchRefusal({ ports: [{ port: 'x' }], nothing: 1 })!,
    /^errors:\n {2}\.spec\.nothing: .*\n {2}\.spec\.ports/,
  );
});

test('reaches no prototype', () => {
  const applied = JSON.parse(
    '{"apiVersion":"v1","kind":"Thing","metadata":{"labels":{"__proto__":"x","constructor":"y"}}}',
  );
  const live = apply(apply(undefined, 'a', applied), 'b', object({}));

  assert.equal(JSON.stringify(live.metadata.labels), '{"__proto__":"x","constructor":"y"}');
});

const labels = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom('1', '2'));
const ports = fc.uniqueArray(fc.record({ port: fc.integer({ min: 1, max: 5 }) }), {
  selector: ({ port }) => port,
});

test('fields that one applier sets and drops leave the object as the other applied it', () => {
  fc.assert(
    fc.property(labels, ports, labels, ports, (l1, p1, l2, p2) => {
      const one = apply(undefined, 'one', object({ ports: p1 }, { labels: l1 }));
      const both = apply(one, 'two', object({ ports: p2 }, { labels: l2 }), true);

      for (const [key, value] of Object.entries(l2)) {
        assert.equal(both.metadata.labels?.[key], value);
      }

      const left = apply(both, 'two', object({}));
      const kept = new Set(
        Object.keys(l1).filter((key) => l2[key] === undefined || l2[key] === l1[key]),
      );

      assert.deepEqual(new Set(Object.keys(left.metadata.labels ?? {})), kept);

      assert.deepEqual(
        new Set((left.spec?.ports ?? []).map(({ port }: { port: number }) => port)),
        new Set(p1.map(({ port }) => port)),
      );
    }),
  );
});

test('a set read back from fieldsV1 is the same', () => {
  const fields = { 'f:a': { '.': {}, 'k:{"b":1}': { 'f:c': {} } }, 'f:d': { 'v:"x"': {} } };
  assert.deepEqual(FieldSet.fromJson(fields).toJson(), fields);
  assert.deepEqual([...FieldSet.fromJson(fields).paths()], ['.a', '.a[b=1].c', '.d[="x"]']);
});
