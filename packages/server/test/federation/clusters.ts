import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type Answer, eventually, TestServer } from '../support/test-server.ts';

const CLUSTERS = '/apis/cluster.kubesphere.io/v1alpha1/clusters';
const SECRET = 'a-secret-that-host-and-members-share-0123456789';

const KUBEFED_CLUSTERS =
  '/apis/core.kubefed.io/v1beta1/namespaces/kube-federation-system/kubefedclusters';

/** Media type of a merge patch. */
export const MERGE = 'application/merge-patch+json';

/** Path of federated objects. */
export const FEDERATED = '/apis/types.kubefed.io/v1beta1';

/** How long the propagation may take on a slow machine, in milliseconds. */
export const PROPAGATION_MS = 30_000;

/** A host and members that are servers of their own. */
export interface Clusters {
  host: TestServer;
  members: Map<string, TestServer>;
  /** Stops a member without losing its data. */
  stopMember(name: string): Promise<void>;
  /** Starts a stopped member at the addresses that it had. */
  startMember(name: string): Promise<void>;
  stop(): Promise<void>;
}

async function kubernetesPort(server: TestServer): Promise<string> {
  const { clusters } = parse(await readFile(server.kubeconfig, 'utf8'));
  return new URL(clusters[0].cluster.server).port;
}

/** Creates an object in the Kubernetes API of a server. */
export async function create(server: TestServer, path: string, body: object): Promise<void> {
  const { status, json } = await server.kubernetes(path, { method: 'POST', body });
  assert.equal(status, 201, JSON.stringify(json));
}

/** Patches an object in the Kubernetes API of a server. */
export async function patch(server: TestServer, path: string, body: object): Promise<void> {
  const { status, json } = await server.kubernetes(path, { method: 'PATCH', body, type: MERGE });
  assert.equal(status, 200, JSON.stringify(json));
}

/** Waits until an object exists and passes a check; returns it. */
export function eventuallyHas(
  server: TestServer,
  path: string,
  check: (object: Answer['json']) => void = () => {},
): Promise<Answer['json']> {
  return eventually(async () => {
    const { status, json } = await server.kubernetes(path);
    assert.equal(status, 200, `${path}: ${JSON.stringify(json)}`);
    check(json);
    return json;
  }, PROPAGATION_MS);
}

/** Waits until an object does not exist. */
export function eventuallyGone(server: TestServer, path: string): Promise<void> {
  return eventually(async () => {
    const { status } = await server.kubernetes(path);
    assert.equal(status, 404, path);
  }, PROPAGATION_MS);
}

/** Adds a member to the host's clusters. */
export async function joinMember(
  host: TestServer,
  name: string,
  member: TestServer,
  labels: Record<string, string> = {},
): Promise<void> {
  const kubeconfig = Buffer.from(await readFile(member.kubeconfig)).toString('base64');

  await create(host, CLUSTERS, {
    apiVersion: 'cluster.kubesphere.io/v1alpha1',
    kind: 'Cluster',
    metadata: { name, labels },
    spec: {
      joinFederation: true,
      enable: true,
      connection: { type: 'direct', kubeconfig, kubesphereAPIEndpoint: member.url },
    },
  });
}

/** Starts a host and members, and waits until the host says that they are healthy. */
export async function startClusters(...names: string[]): Promise<Clusters> {
  const dir = await mkdtemp(join(tmpdir(), 'federation-'));
  const authentication = { jwtSecret: SECRET };
  const hostConfig = join(dir, 'host.yaml');
  const memberConfig = join(dir, 'member.yaml');

  await writeFile(hostConfig, JSON.stringify({ authentication, multicluster: { enable: true } }));
  await writeFile(
    memberConfig,
    JSON.stringify({
      authentication: { ...authentication, oauthOptions: { accessTokenMaxAge: 0 } },
      multicluster: { clusterRole: 'member' },
    }),
  );

  const start = (name: string, args: string[] = []) =>
    TestServer.start({ args: ['--config', memberConfig, ...args], dataDir: join(dir, name) });

  const host = await TestServer.start({ args: ['--config', hostConfig] });
  const members = new Map<string, TestServer>();
  const addresses = new Map<string, string[]>();

  const stop = async () => {
    await Promise.all([host.stop(), ...[...members.values()].map((member) => member.stop())]);
    await rm(dir, { recursive: true, force: true });
  };

  try {
    for (const name of names) {
      await mkdir(join(dir, name));
      const member = await start(name);
      members.set(name, member);
      addresses.set(name, [
        ...['--secure-port', await kubernetesPort(member)],
        ...['--insecure-port', new URL(member.url).port],
      ]);
      await joinMember(host, name, member, { place: name });
    }

    for (const name of ['host', ...names]) {
      await eventuallyHas(host, `${KUBEFED_CLUSTERS}/${name}`, ({ status }) =>
        assert.equal(status?.conditions?.[0]?.type, 'Ready'),
      );
    }
  } catch (error) {
    await stop();
    throw error;
  }

  return {
    host,
    members,
    async stopMember(name) {
      await members.get(name)?.stop();
    },
    async startMember(name) {
      members.set(name, await start(name, addresses.get(name)));
      // Members are asked every two minutes, and after each change.
      await patch(host, `${CLUSTERS}/${name}`, {
        metadata: { annotations: { started: String(Date.now()) } },
      });
    },
    stop,
  };
}

/** Returns a member that must be there. */
export function memberOf({ members }: Clusters, name: string): TestServer {
  const member = members.get(name);
  assert.ok(member);
  return member;
}
