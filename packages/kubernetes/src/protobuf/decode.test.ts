import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import fc from 'fast-check';
import { decodeProtobuf } from './decode.ts';
import { findMessage, messageNameOf } from './messages.ts';

/**
 * Encodes a message from fields by number: numbers are varints, texts and messages have a length,
 * lists repeat.
 */
type Fields = { [number: number]: number | string | Buffer | Fields | (string | Fields)[] };

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = BigInt.asUintN(64, BigInt(value)); ; rest >>= 7n) {
    if (rest < 128n) {
      return [...bytes, Number(rest)];
    }
    bytes.push(Number(rest & 127n) | 128);
  }
}

function encode(fields: Fields): Buffer {
  const parts: Buffer[] = [];

  for (const [number, value] of Object.entries(fields)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (typeof one === 'number') {
        parts.push(Buffer.from([...varint(Number(number) * 8), ...varint(one)]));
      } else {
        const given = typeof one === 'string' ? Buffer.from(one) : one;
        const bytes = Buffer.isBuffer(given) ? given : encode(given);
        parts.push(
          Buffer.from([...varint(Number(number) * 8 + 2), ...varint(bytes.byteLength)]),
          bytes,
        );
      }
    }
  }

  return Buffer.concat(parts);
}

function body(apiVersion: string, kind: string, raw: Fields | Buffer): Buffer {
  const message = Buffer.isBuffer(raw) ? raw : encode(raw);
  return Buffer.concat([
    Buffer.from('k8s\0'),
    encode({ 1: { 1: apiVersion, 2: kind }, 2: message, 3: '', 4: '' }),
  ]);
}

test('decodes lists, maps, bytes, quantities, int-or-string, times and inlined fields', () => {
  const meta = {
    1: 'p',
    3: '',
    7: 0,
    8: {},
    11: [
      { 1: 'app', 2: 'x' },
      { 1: '__proto__', 2: 'y' },
    ],
  };

  const port = { 1: '', 2: 0, 3: 80, 4: 'TCP' };
  const probe = { 1: { 2: { 1: '/', 2: { 1: 1, 2: 0, 3: 'http' } } }, 2: 0, 6: 3 };
  const reference = { 3: { 1: { 1: 'creds' }, 2: 'key', 3: 0 } };

  const container = {
    1: 'c',
    2: 'i',
    6: [port],
    7: [{ 1: 'E', 2: '', 3: reference }],
    8: { 1: [{ 1: 'cpu', 2: { 1: '100m' } }] },
    10: probe,
  };

  const pod = {
    1: meta,
    2: { 1: [{ 1: 'v', 2: { 2: {} } }], 2: [container], 4: 0, 3: 'Always' },
    3: { 7: { 1: 1_700_000_000, 2: 0 } },
  };

  const decoded = decodeProtobuf(body('v1', 'Pod', pod), 'Pod');
  assert.deepEqual(
    JSON.parse(JSON.stringify(decoded)),
    JSON.parse(`{
    "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "p", "labels": { "app": "x", "__proto__": "y" } },
    "spec": {
      "volumes": [{ "name": "v", "emptyDir": {} }],
      "containers": [{
        "name": "c", "image": "i", "ports": [{ "containerPort": 80, "protocol": "TCP" }],
        "env": [{ "name": "E", "valueFrom": { "configMapKeyRef": { "name": "creds", "key": "key", "optional": false } } }],
        "resources": { "limits": { "cpu": "100m" } },
        "livenessProbe": { "httpGet": { "path": "/", "port": "http" }, "failureThreshold": 3 }
      }],
      "restartPolicy": "Always", "terminationGracePeriodSeconds": 0
    },
    "status": { "startTime": "2023-11-14T22:13:20Z" }
  }`),
  );

  const secret = decodeProtobuf(
    body('v1', 'Secret', { 1: { 1: 's' }, 2: [{ 1: 'k', 2: 'value' }], 3: 'Opaque' }),
    'Secret',
  );

  assert.deepEqual(secret.data, { k: 'dmFsdWU=' });
});

test('zero stays where Go has a pointer, and negative numbers keep their sign', () => {
  const deployment = decodeProtobuf(
    body('apps/v1', 'Deployment', { 1: { 1: 'd' }, 2: { 1: 0, 5: 0, 6: 5 } }),
    'Deployment',
  );

  assert.deepEqual(deployment.spec, { replicas: 0, revisionHistoryLimit: 5 });

  const priority = decodeProtobuf(
    body('scheduling.k8s.io/v1', 'PriorityClass', { 1: { 1: 'p' }, 2: -10 }),
    'PriorityClass',
  );

  assert.equal(priority.value, -10);
});

test('lists of strings that are types of their own become lists', () => {
  const review = {
    2: { 1: 'token' },
    3: { 2: { 1: 'u', 4: [{ 1: 'scopes', 2: { 1: ['a', 'b'] } }] } },
  };

  const decoded = decodeProtobuf(
    body('authentication.k8s.io/v1', 'TokenReview', review),
    'TokenReview',
  );

  assert.deepEqual(decoded.status.user.extra, { scopes: ['a', 'b'] });
});

test('refuses bodies that cannot be decoded', () => {
  assert.throws(() => decodeProtobuf(Buffer.from('{}'), 'Pod'), { code: 400 });
  assert.throws(() => decodeProtobuf(body('iam.kubesphere.io/v1alpha2', 'User', {}), 'User'), {
    code: 415,
  });
  assert.throws(() => decodeProtobuf(body('v1', 'Pod', Buffer.from([0x0a, 0xff, 0x01])), 'Pod'), {
    code: 400,
  });
  assert.throws(() => decodeProtobuf(body('v1', 'Pod', { 1: 5 }), 'Pod'), { code: 400 });
});

test('any bytes result in an object or a StatusError', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      fc.constantFrom('Pod', 'Node', 'Service', 'Event'),
      (bytes, kind) => {
        try {
          decodeProtobuf(body('v1', kind, Buffer.from(bytes)), kind);
        } catch (error) {
          assert.ok(error instanceof StatusError);
        }
      },
    ),
    { numRuns: 2000 },
  );
});

test('every message that a field names exists', () => {
  const seen = new Set<string>();

  const walk = (name: string) => {
    if (seen.has(name)) {
      return;
    }

    seen.add(name);

    const message = findMessage(name);
    assert.ok(message, name);

    if (message !== 'strings') {
      for (const { type } of message.values()) {
        if (type.includes('.')) {
          walk(type);
        }
      }
    }
  };

  for (const [apiVersion, kind] of [
    ['v1', 'Pod'],
    ['v1', 'Node'],
    ['v1', 'PersistentVolume'],
    ['apps/v1', 'StatefulSet'],
    ['batch/v1', 'CronJob'],
    ['networking.k8s.io/v1', 'Ingress'],
    ['autoscaling/v2', 'HorizontalPodAutoscaler'],
    ['rbac.authorization.k8s.io/v1', 'ClusterRole'],
    ['policy/v1', 'Eviction'],
    ['autoscaling/v1', 'Scale'],
    ['authorization.k8s.io/v1', 'SelfSubjectAccessReview'],
  ] as const) {
    const name = messageNameOf(apiVersion, kind);
    assert.ok(name, `${apiVersion} ${kind}`);
    walk(name);
  }

  assert.ok(seen.size > 200);
});

test('a body of more fields than an object may have is refused before they are decoded', () => {
  const labels = Array.from({ length: 100_001 }, (_, i) => ({ 1: `k${i}`, 2: '' }));
  const map = body('v1', 'ConfigMap', { 1: { 1: 'c', 11: labels } });
  assert.throws(
    () => decodeProtobuf(map, 'ConfigMap'),
    (error) => error instanceof StatusError && error.code === 413,
  );
});
