import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ensurePki, writeAdminKubeconfig } from '@ks-apiserver/kubernetes/server/pki';
import { KubeApiServer } from '@ks-apiserver/kubernetes/server/server';
import { MemoryBackend } from '../storage/memory.ts';

const run = promisify(execFile);
const kubectl = fileURLToPath(new URL('../../../../../.cache/tools/kubectl', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'kubectl-'));

const manifest = (image: string) => `
apiVersion: v1
kind: ConfigMap
metadata: {name: m}
data: {a: "1"}
---
apiVersion: v1
kind: Service
metadata: {name: s}
spec: {selector: {a: b}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: d}
spec:
  selector: {matchLabels: {a: b}}
  template:
    metadata: {labels: {a: b}}
    spec: {containers: [{name: c, image: ${image}, ports: [{containerPort: 80}]}]}
`;

/** Commands in order, and their expected output. */
const MATRIX: readonly (readonly [command: string, expected: RegExp])[] = [
  ['version', /Server Version: v1\.36/],
  ['api-resources', /deployments +deploy +apps\/v1 +true +Deployment/],
  ['get namespaces', /default +Active/],
  ['create namespace demo', /namespace\/demo created/],
  ['create deployment web --image=nginx --replicas=2', /deployment.apps\/web created/],
  ['get deployments -o wide', /web +0\/2 +0 +0 +\S+ +nginx +nginx +app=web/],
  ['describe deployment web', /Replicas: +2 desired/],
  ['scale deployment web --replicas=3', /deployment.apps\/web scaled/],
  ['apply -f FILE', /configmap\/m created\s+service\/s created\s+deployment.apps\/d created/],
  ['apply -f FILE', /configmap\/m unchanged\s+service\/s unchanged\s+deployment.apps\/d unchanged/],
  ['apply --server-side --force-conflicts -f FILE', /deployment.apps\/d serverside-applied/],
  ['apply --server-side -f FILE', /deployment.apps\/d serverside-applied/],
  ['label configmap m x=1', /configmap\/m labeled/],
  ['annotate configmap m x=1', /configmap\/m annotated/],
  ['get configmaps -l x=1 -o name', /^configmap\/m\s*$/],
  [
    'patch deployment d -p {"spec":{"template":{"spec":{"containers":[{"name":"c","image":"nginx:2"}]}}}}',
    /patched/,
  ],
  [
    'patch deployment d --type=json -p [{"op":"replace","path":"/spec/replicas","value":4}]',
    /patched/,
  ],
  ['patch deployment d --type=merge -p {"spec":{"paused":true}}', /patched/],
  ['edit deployment d', /deployment.apps\/d edited/],
  [
    'get deployment d -o jsonpath={.spec.replicas},{.spec.paused},{.spec.template.spec.containers[0].image}',
    /^4,(false)?,nginx:2$/,
  ],
  ['explain deployment.spec.replicas', /FIELD: replicas <integer>/],
  ['auth can-i create pods', /yes/],
  ['create rolebinding bob --clusterrole=view --user=bob', /created/],
  ['auth can-i list pods --as bob', /yes/],
  ['expose deployment web --port 80', /service\/web exposed/],
  ['create -f FILE --dry-run=server', /already exists/],
  ['run p --image=busybox', /pod\/p created/],
  ['logs p', /log of pod p is not available: the embedded Kubernetes API runs no containers/],
  ['delete deployment d', /deleted/],
  ['wait --for=delete deployment/d --timeout=5s', /^$/],
  ['wait --for=jsonpath={.data.a}=1 configmap/m --timeout=5s', /condition met/],
  ['get all', /deployment.apps\/web/],
  ['delete namespace demo --timeout=20s', /deleted/],
];

describe('kubectl', {
  skip: !existsSync(kubectl) && 'kubectl is not unpacked (scripts/tools.mjs)',
}, () => {
  let server: KubeApiServer;
  let env: NodeJS.ProcessEnv;
  before(async () => {
    const pki = await ensurePki(dir);
    server = await KubeApiServer.open({ backend: new MemoryBackend(), rootCa: pki.ca });

    const { port } = await server.listen({ port: 0, tls: { ...pki.serving, ca: pki.ca } });
    const editor = join(dir, 'editor.sh');

    writeFileSync(editor, '#!/bin/sh\nsed -i "s/paused: true/paused: false/" "$1"\n');
    chmodSync(editor, 0o755);
    writeFileSync(join(dir, 'manifest.yaml'), manifest('nginx'));

    env = {
      PATH: '/usr/bin:/bin',
      HOME: dir,
      EDITOR: editor,
      KUBECONFIG: await writeAdminKubeconfig(dir, `https://127.0.0.1:${port}`),
    };
  });

  after(async () => {
    await server.close();
    rmSync(dir, { recursive: true, force: true });
  });

  for (const [command, expected] of MATRIX) {
    test(command, { timeout: 30_000 }, async () => {
      const args = command
        .split(' ')
        .map((word) => (word === 'FILE' ? join(dir, 'manifest.yaml') : word));

      const cluster =
        /^(version|api-resources|get namespaces|create namespace|delete namespace|explain)/.test(
          command,
        );

      const all = ['--cache-dir', join(dir, 'cache'), ...(cluster ? [] : ['-n', 'demo']), ...args];
      const { stdout, stderr } = await run(kubectl, all, { env }).catch((error) => error);

      assert.match(`${stdout}${stderr}`, expected);
    });
  }
});
