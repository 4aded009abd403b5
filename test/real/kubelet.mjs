// Runs the tests' kubelet, of the module beside this file, as a node of a real cluster.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { goProgram } from './go-program.mjs';

/** Returns the path of the kubelet and builds it if necessary; undefined without Go. */
export const kubeletPath = () => goProgram('kubelet');

/**
 * Starts a node.
 * @param {Record<string, Record<string, string>>} containers the programs of each container, and
 * their paths here
 * @returns {Promise<{port: number, dir: string, stop(): Promise<void>}>} the port of the kubelet on
 * 127.0.0.1, and the folder with a folder for each container: its programs, and the file `log`
 */
export async function startKubelet(containers) {
  const path = kubeletPath();
  if (!path) {
    throw new Error('needs Go to build the kubelet');
  }

  const dir = mkdtempSync(join(tmpdir(), 'kubelet-'));

  for (const [container, programs] of Object.entries(containers)) {
    mkdirSync(join(dir, container));
    for (const [program, path] of Object.entries(programs)) {
      symlinkSync(path, join(dir, container, program));
    }
  }

  const child = spawn(path, ['--containers', dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const [line] = await once(child.stdout, 'data');

  return {
    port: Number(line),
    dir,
    async stop() {
      child.kill();
      await exited;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Creates the Node of a kubelet and a pod that runs on it; `call` is TestServer's `kubernetes`. */
export async function makePod(call, { port, namespace, pod, containers, labels = {} }) {
  const post = async (path, body) => {
    const { status, json } = await call(path, { method: 'POST', body });
    if (status !== 201 && status !== 409) {
      throw new Error(JSON.stringify(json));
    }
  };

  const patch = async (path, status) => {
    const answer = await call(`${path}/status`, {
      method: 'PATCH',
      type: 'application/merge-patch+json',
      body: { status },
    });

    if (answer.status !== 200) {
      throw new Error(JSON.stringify(answer.json));
    }
  };

  await post('/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node' } });

  await patch('/api/v1/nodes/node', {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
  });

  const pods = `/api/v1/namespaces/${namespace}/pods`;
  await post(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: pod, labels },
    spec: { nodeName: 'node', containers: containers.map((name) => ({ name, image: 'i' })) },
  });

  const containerStatuses = containers.map((name) => ({
    name,
    ready: true,
    restartCount: 0,
    image: 'i',
    imageID: 'i',
  }));

  await patch(`${pods}/${pod}`, { phase: 'Running', containerStatuses });
}
