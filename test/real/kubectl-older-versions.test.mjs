// Manifests of KubeSphere 3.0's time: today's kubectl applies older versions at the KubeSphere
// port.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startServer } from '../server.mjs';
import { kubectl } from './kubectl.mjs';
import { startTlsFront, writeKubeconfig } from './tls-front.mjs';

const adminPassword = 'P@88w0rd';
const dir = mkdtempSync(join(tmpdir(), 'kubectl-older-'));
let server;
let front;
let cluster;

before(async () => {
  server = await startServer({ dir, adminPassword });
  front = await startTlsFront(() => server.url, dir);
  cluster = writeKubeconfig(join(dir, 'basic'), front.cluster, {
    username: 'admin',
    password: adminPassword,
  });
});

after(async () => {
  front?.close();
  await server?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const podSpec = { containers: [{ name: 'c', image: 'nginx' }] };

const objects = ({ port = 80, replicas = 2 } = {}) => ({
  apiVersion: 'v1',
  kind: 'List',
  items: [
    {
      apiVersion: 'batch/v1beta1',
      kind: 'CronJob',
      metadata: { name: 'tick' },
      spec: {
        schedule: '@daily',
        jobTemplate: { spec: { template: { spec: { ...podSpec, restartPolicy: 'Never' } } } },
      },
    },
    {
      apiVersion: 'extensions/v1beta1',
      kind: 'Ingress',
      metadata: { name: 'route' },
      spec: {
        rules: [
          {
            host: 'a.example',
            http: {
              paths: [
                {
                  pathType: 'Prefix',
                  path: '/',
                  backend: { serviceName: 'web', servicePort: port },
                },
              ],
            },
          },
        ],
      },
    },
    {
      apiVersion: 'extensions/v1beta1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: { replicas, template: { metadata: { labels: { app: 'web' } }, spec: podSpec } },
    },
    {
      apiVersion: 'apiextensions.k8s.io/v1beta1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'things.older.example' },
      spec: {
        group: 'older.example',
        version: 'v1',
        names: { kind: 'Thing', plural: 'things' },
        validation: { openAPIV3Schema: { properties: { spec: { required: ['size'] } } } },
      },
    },
  ],
});

for (const name of ['kubectl', 'kubectl-1.32']) {
  test(`${name} applies, shows, changes and deletes objects of older versions`, async () => {
    const run = (args, input) =>
      kubectl(cluster, args.split(' '), input && JSON.stringify(input), name);
    const made = await run('apply -f -', objects());

    for (const line of [
      'cronjob.batch/tick',
      'ingress.extensions/route',
      'deployment.extensions/web',
    ]) {
      assert.ok(made.includes(`${line} created`), made);
    }

    assert.match(await run('apply -f -', objects()), /ingress.extensions\/route unchanged/);
    assert.equal(await run('diff -f -', objects()), '');

    const changed = await run('apply -f -', objects({ port: 81, replicas: 3 }));
    assert.match(
      changed,
      /ingress.extensions\/route configured\ndeployment.extensions\/web configured/,
    );

    const shown = await run('get ingresses.v1beta1.extensions,cronjobs.v1beta1.batch');
    assert.match(shown, /ingress.extensions\/route[\s\S]*cronjob.batch\/tick/);

    const path = '{.spec.rules[0].http.paths[0].backend}';
    assert.equal(
      await run(`get ingresses.v1beta1.extensions route -o jsonpath=${path}`),
      '{"serviceName":"web","servicePort":81}',
    );

    const serverSide = await run('apply --server-side --force-conflicts -f -', objects());
    assert.equal(serverSide.match(/serverside-applied/g).length, 4);

    assert.match(
      await run('scale deployments.v1beta1.extensions web --replicas 5'),
      /deployment.extensions\/web scaled/,
    );

    assert.equal(await run('get deployment web -o jsonpath={.spec.replicas}'), '5');
    assert.match(await run('explain cronjobs --api-version=batch/v1beta1'), /VERSION: +v1beta1/);

    // Resources without a version mean today's, and appear once.
    assert.equal((await run('get all -o name')).match(/deployment/g).length, 1);
    assert.match(await run('get ing -o name'), /^ingress.networking.k8s.io\/route$/m);
    assert.match(await run('delete -f -', objects()), /ingress.extensions "route" deleted/);
  });
}
