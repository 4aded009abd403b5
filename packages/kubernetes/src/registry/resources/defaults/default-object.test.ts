import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { defaultObject } from './default-object.ts';

const core = (kind: string) => ({ group: '', version: 'v1', kind });

test('a deployment gets its own defaults and those of the pods it creates', () => {
  const deployment: KubeObject = {
    metadata: { name: 'x' },
    spec: {
      selector: { matchLabels: { a: 'b' } },
      template: {
        metadata: { labels: { a: 'b' } },
        spec: {
          containers: [
            { name: 'c', image: 'localhost:5000/c', livenessProbe: { httpGet: { port: 80 } } },
          ],
          volumes: [{ name: 'v' }, { name: 's', secret: { secretName: 's' } }],
        },
      },
    },
  };

  defaultObject({ group: 'apps', version: 'v1', kind: 'Deployment' }, deployment);

  const { template, selector, ...spec } = deployment.spec;
  assert.deepEqual(spec, {
    replicas: 1,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
  });

  assert.deepEqual(template.spec, {
    containers: [
      {
        name: 'c',
        image: 'localhost:5000/c',
        livenessProbe: {
          httpGet: { port: 80, path: '/', scheme: 'HTTP' },
          timeoutSeconds: 1,
          periodSeconds: 10,
          successThreshold: 1,
          failureThreshold: 3,
        },
        imagePullPolicy: 'Always',
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
        resources: {},
      },
    ],
    volumes: [
      { name: 'v', emptyDir: {} },
      { name: 's', secret: { secretName: 's', defaultMode: 420 } },
    ],
    dnsPolicy: 'ClusterFirst',
    restartPolicy: 'Always',
    securityContext: {},
    terminationGracePeriodSeconds: 30,
    schedulerName: 'default-scheduler',
  });

  assert.deepEqual(deployment.status, {});
});

test('defaulting twice changes nothing', () => {
  const service: KubeObject = {
    metadata: { name: 'x' },
    spec: { ports: [{ port: 80 }], type: 'NodePort' },
  };

  defaultObject(core('Service'), service);

  assert.deepEqual(service.spec, {
    ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
    type: 'NodePort',
    sessionAffinity: 'None',
    externalTrafficPolicy: 'Cluster',
    internalTrafficPolicy: 'Cluster',
  });

  assert.deepEqual(service.status, { loadBalancer: {} });

  const once = structuredClone(service);

  defaultObject(core('Service'), service);
  assert.deepEqual(service, once);
});

test("a secret's texts become data", () => {
  const secret: KubeObject = {
    metadata: { name: 'x' },
    stringData: { a: 'b' },
    data: { c: 'ZA==' },
  };

  defaultObject(core('Secret'), secret);

  assert.deepEqual(secret, {
    metadata: { name: 'x' },
    data: { a: 'Yg==', c: 'ZA==' },
    type: 'Opaque',
  });
});

test('requests of pods default to their limits; those of templates do not', () => {
  const spec = { containers: [{ name: 'a', image: 'a:1', resources: { limits: { cpu: '1' } } }] };
  const pod: KubeObject = { metadata: {}, spec: structuredClone(spec) };

  defaultObject(core('Pod'), pod);

  assert.deepEqual(pod.spec.containers[0].resources, {
    limits: { cpu: '1' },
    requests: { cpu: '1' },
  });

  assert.equal(pod.spec.containers[0].imagePullPolicy, 'IfNotPresent');

  const job: KubeObject = { metadata: {}, spec: { template: { spec: structuredClone(spec) } } };
  defaultObject({ group: 'batch', version: 'v1', kind: 'Job' }, job);
  assert.deepEqual(job.spec.template.spec.containers[0].resources, { limits: { cpu: '1' } });
  assert.equal(job.spec.backoffLimit, 6);
});

test('kinds without a schema stay as they are', () => {
  const object: KubeObject = { metadata: {}, spec: {} };
  defaultObject({ group: 'x', version: 'v1', kind: 'X' }, object);
  assert.deepEqual(object, { metadata: {}, spec: {} });
});

test('zero values that Go omits are dropped from CRDs and those of pointers stay, at every depth', () => {
  const kept = { type: 'string', default: '', example: [], enum: ['', null], maxLength: 0 };
  const dropped = { description: '', nullable: false, required: [], uniqueItems: false };

  const schema = (more: object) => ({
    type: 'object',
    properties: {
      list: { type: 'array', items: { ...kept, ...more }, additionalProperties: false },
    },
    additionalProperties: { type: 'array', default: [], items: { ...kept, ...more } },
  });

  const object: KubeObject = {
    metadata: {},
    spec: { versions: [{ name: 'v1', schema: { openAPIV3Schema: schema(dropped) } }] },
  };

  defaultObject(
    { group: 'apiextensions.k8s.io', version: 'v1', kind: 'CustomResourceDefinition' },
    object,
  );

  assert.deepEqual(object.spec.versions[0].schema.openAPIV3Schema, schema({}));
});
