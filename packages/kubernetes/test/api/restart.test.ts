import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isWhole, type KubeResponse } from '@ks-apiserver/apimachinery/transport/transport';
import { KubeApiServer } from '@ks-apiserver/kubernetes/server/server';
import { LmdbBackend } from '@ks-apiserver/kubernetes/storage/lmdb';

const dir = mkdtempSync(join(tmpdir(), 'restart-'));
after(() => rmSync(dir, { recursive: true, force: true }));

async function open(): Promise<KubeApiServer> {
  return KubeApiServer.open({
    backend: await LmdbBackend.open({ path: dir }),
    nodePortRange: [30000, 30004],
  });
}

async function call(server: KubeApiServer, method: string, url: string, body?: unknown) {
  const response: KubeResponse = await server.request({
    method,
    url,
    headers: { 'content-type': 'application/json' },
    ...(body !== undefined && { body: Buffer.from(JSON.stringify(body)) }),
  });

  assert.ok(isWhole(response.body));

  return { status: response.status, body: JSON.parse(Buffer.from(response.body).toString()) };
}

test('allocations, custom resources and watches continue after a restart', async () => {
  const services = '/api/v1/namespaces/default/services';

  const nodePort = (name: string) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { type: 'NodePort', ports: [{ port: 80 }] },
  });

  let server = await open();
  const from = (await call(server, 'GET', services)).body.metadata.resourceVersion;
  const ports = new Set<number>();

  for (const name of ['a', 'b', 'c']) {
    const { body } = await call(server, 'POST', services, nodePort(name));
    ports.add(body.spec.ports[0].nodePort);
  }

  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Cluster',
      names: { plural: 'things', kind: 'Thing' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object' } },
        },
      ],
    },
  };

  await call(server, 'POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition);
  await server.close();

  server = await open();

  for (const name of ['d', 'e']) {
    const { body } = await call(server, 'POST', services, nodePort(name));
    ports.add(body.spec.ports[0].nodePort);
  }

  assert.equal(ports.size, 5, 'no port was given out twice');

  const full = await call(server, 'POST', services, nodePort('f'));
  assert.equal(full.status, 500);
  await call(server, 'DELETE', `${services}/a`);
  assert.equal((await call(server, 'POST', services, nodePort('f'))).status, 201);

  const thing = { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 't' } };
  assert.equal((await call(server, 'POST', '/apis/example.com/v1/things', thing)).status, 201);

  const watch = await server.request({
    method: 'GET',
    url: `${services}?watch=true&timeoutSeconds=1&resourceVersion=${from}`,
    headers: {},
  });

  const names: string[] = [];

  // A watch by function call does not keep the process alive.
  const alive = setInterval(() => undefined, 1000);

  for await (const chunk of watch.body as AsyncIterable<Uint8Array>) {
    for (const line of Buffer.from(chunk).toString().trim().split('\n')) {
      names.push(JSON.parse(line).object.metadata.name);
    }
  }

  clearInterval(alive);
  assert.deepEqual(names, ['a', 'b', 'c', 'd', 'e', 'a', 'f']);
  await server.close();
});
