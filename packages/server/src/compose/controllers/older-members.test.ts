// Propagation to members on older Kubernetes, which do not serve a kind in its present version.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { FederatedObject } from '@ks-apiserver/api/federation/federated-object';
import { FEDERATED_NAMESPACE, federatedKind } from '@ks-apiserver/api/federation/kinds';
import type { KubeRequest, KubeTransport } from '@ks-apiserver/apimachinery/transport/transport';
import { InformerStore } from '@ks-apiserver/client/informer/informer-store';
import { KubeClient } from '@ks-apiserver/client/kube/client';
import { Copies } from '@ks-apiserver/controllers/federation/propagate/cluster-copies';
import { Targets } from '@ks-apiserver/controllers/federation/propagate/targets';
import { KubeApiServer } from '@ks-apiserver/kubernetes/server/server';
import { MemoryBackend } from '@ks-apiserver/kubernetes/test/storage/memory';
import { install } from '../../install/install.ts';

/** The group by which the member keeps Ingresses of networking.k8s.io/v1beta1. */
const KEPT = { group: 'old.example.com', version: 'v1beta1', resource: 'ingresses' };

const CRD = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'ingresses.old.example.com' },
  spec: {
    group: KEPT.group,
    names: { kind: 'Ingress', plural: 'ingresses', singular: 'ingress' },
    scope: 'Namespaced',
    versions: [
      {
        name: KEPT.version,
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        },
      },
    ],
  },
};

/** Makes an API one of Kubernetes 1.16: Ingresses are served in v1beta1 alone. */
function older(transport: KubeTransport): KubeTransport {
  const request = async (call: KubeRequest) => {
    if (call.url.startsWith('/apis/networking.k8s.io/v1/')) {
      const status = { kind: 'Status', code: 404, reason: 'NotFound', message: 'no such path' };
      return { status: 404, headers: {}, body: Buffer.from(JSON.stringify(status)) };
    }

    const url = call.url.replace(
      '/apis/networking.k8s.io/v1beta1/',
      '/apis/old.example.com/v1beta1/',
    );
    const body =
      call.body instanceof Uint8Array
        ? Buffer.from(
            Buffer.from(call.body)
              .toString()
              .replace('"networking.k8s.io/v1beta1"', '"old.example.com/v1beta1"'),
          )
        : call.body;

    const headers = {
      ...call.headers,
      ...(body instanceof Uint8Array && { 'content-length': String(body.byteLength) }),
    };

    return transport.request({ ...call, url, headers, ...(body && { body }) });
  };

  return {
    request,
    upgrade: (call) => transport.upgrade(call),
    webSocket: (url, protocols, signal) => transport.webSocket(url, protocols, signal),
    close: async () => {},
  };
}

let member: KubeClient;
let targets: Targets;

before(async () => {
  const transport = await KubeApiServer.open({ backend: new MemoryBackend() });
  member = new KubeClient(transport);
  await install(member, {
    manifests: { hash: 'x', crds: [CRD], objects: [], embedded: [], policies: [] },
  });
  await member.create(
    { group: '', version: 'v1', resource: 'namespaces' },
    { metadata: { name: 'shop', labels: { 'kubefed.io/managed': 'true' } } },
  );

  targets = new Targets(() => new KubeClient(older(transport)));
});

after(() => targets.stop());

test('an Ingress is written, changed and removed in the version that a member serves', async () => {
  const kind = federatedKind('Ingress');
  const cluster = { name: 'east', labels: {}, ready: true };
  const copies = new Copies(kind, targets, new InformerStore());
  const key = { resource: KEPT, namespace: 'shop', name: 'web' };
  const { signal } = new AbortController();

  const withPort = (number: number): FederatedObject => ({
    metadata: { name: 'web', namespace: 'shop', uid: 'u', resourceVersion: '1' },
    spec: {
      template: { spec: { defaultBackend: { service: { name: 'web', port: { number } } } } },
      placement: { clusterSelector: {} },
    },
  });
  const work = (number: number) => ({
    federated: withPort(number),
    cluster,
    propagated: undefined,
    signal,
  });

  targets.follow(FEDERATED_NAMESPACE, () => {});
  targets.follow(kind, () => {});

  const made = await copies.sync({ ...work(80), isSelected: true });
  assert.deepEqual([made.status, made.done], ['', 'create'], made.error);
  assert.deepEqual((await member.get(key)).spec, {
    backend: { serviceName: 'web', servicePort: 80 },
  });

  const changed = await copies.sync({ ...work(81), isSelected: true });
  assert.equal(changed.status, '', changed.error);
  assert.equal((await member.get(key)).spec.backend.servicePort, 81);

  const removed = await copies.remove(work(81));
  assert.equal(removed.done, 'delete', removed.error);
  assert.equal(await member.find(key), undefined);
  assert.equal((await copies.remove(work(81))).status, undefined);
});
