import { randomBytes } from 'node:crypto';
import { SYSTEM_NAMESPACE } from '@ks-apiserver/api/namespaces';
import { SERVICES } from '@ks-apiserver/api/resources';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { ensureDeleted } from '../runtime/ensure.ts';
import type { ClusterConnection, ClusterObject } from './cluster-object.ts';

/** Ports at which the program that agents connect to listens, one of each for each cluster. */
const FIRST_PORT = 6000;
const LAST_PORT = 7000;
const KUBESPHERE_OFFSET = 10_000;

const TOKEN_BYTES = 32;

const keyOf = (cluster: string) => ({
  resource: SERVICES,
  namespace: SYSTEM_NAMESPACE,
  name: `mc-${cluster}`,
});

/** Returns the first port that no Cluster has. Throws an Error when all are taken. */
function freePort(clusters: Iterable<ClusterObject>): number {
  const taken = new Set(
    [...clusters].map(({ spec }) => spec?.connection?.kubernetesAPIServerPort ?? 0),
  );

  for (let port = FIRST_PORT; port <= LAST_PORT; port++) {
    if (!taken.has(port)) {
      return port;
    }
  }

  throw new Error(`all ports from ${FIRST_PORT} to ${LAST_PORT} belong to other clusters`);
}

/** Whose ports the Services lead to: those of tower, or of this server. */
const SERVED_BY = {
  tower: { app: 'tower', 'app.kubernetes.io/name': 'tower' },
  server: { app: 'ks-apiserver', tier: 'backend' },
} as const;

function serviceOf(
  name: string,
  ports: Required<Pick<ClusterConnection, PortName>>,
  selector: Readonly<Record<string, string>>,
) {
  const labels = { app: `mc-${name}`, 'app.kubernetes.io/name': `mc-${name}` };

  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: `mc-${name}`, namespace: SYSTEM_NAMESPACE, labels },
    spec: {
      selector,
      ports: [
        { name: 'kubernetes', port: 6443, targetPort: ports.kubernetesAPIServerPort },
        { name: 'kubesphere', port: 80, targetPort: ports.kubesphereAPIServerPort },
      ],
    },
  };
}

type PortName = 'kubernetesAPIServerPort' | 'kubesphereAPIServerPort';

/** Returns a connection with the secret of its agent, a new one if it has none. */
export function withToken(connection: ClusterConnection): ClusterConnection {
  return { ...connection, token: connection.token || randomBytes(TOKEN_BYTES).toString('hex') };
}

/**
 * Returns the connection of a cluster whose agent connects to us, with ports, a token and the
 * addresses of its Service, which is made when it is not there.
 */
export async function ensureAgentService(
  client: KubeClient,
  cluster: ClusterObject,
  clusters: Iterable<ClusterObject>,
  servedBy: keyof typeof SERVED_BY,
): Promise<ClusterConnection> {
  const { name } = cluster.metadata;
  const connection = cluster.spec?.connection ?? {};
  const kubernetesAPIServerPort = connection.kubernetesAPIServerPort || freePort(clusters);

  const ports = {
    kubernetesAPIServerPort,
    kubesphereAPIServerPort:
      connection.kubesphereAPIServerPort || kubernetesAPIServerPort + KUBESPHERE_OFFSET,
  };

  const service =
    (await client.find(keyOf(name))) ??
    (await client.create(SERVICES, serviceOf(name, ports, SERVED_BY[servedBy])));

  const host = String(service.spec?.clusterIP ?? '');
  const address = host.includes(':') ? `[${host}]` : host;

  return {
    ...withToken(connection),
    ...ports,
    kubernetesAPIEndpoint: connection.kubernetesAPIEndpoint || `https://${address}:6443`,
    kubesphereAPIEndpoint: connection.kubesphereAPIEndpoint || `http://${address}:80`,
  };
}

/** Deletes the Service of a cluster that is left. */
export async function removeAgentService(client: KubeClient, cluster: string): Promise<void> {
  await ensureDeleted(client, keyOf(cluster));
}
