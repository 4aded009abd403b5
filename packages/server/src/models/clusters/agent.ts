import { SERVICES } from '@ks-apiserver/api/resources';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeReader } from '@ks-apiserver/client/kube/client';
import { stringify } from 'yaml';

/** What of the configuration an agent needs to know. */
export interface AgentOptions {
  proxyPublishAddress: string;
  /** `name` or `name.namespace` of the Service in front of the proxy. */
  proxyPublishService: string;
  agentImage: string;
}

function absent(message: string): StatusError {
  return new StatusError(404, 'NotFound', message);
}

/**
 * The address at which agents reach the proxy: the configured one, or that of its Service. Throws
 * NotFound.
 */
async function proxyAddress(client: KubeReader, options: AgentOptions): Promise<string> {
  const { proxyPublishAddress, proxyPublishService } = options;
  if (proxyPublishAddress !== '') {
    return proxyPublishAddress;
  }
  if (proxyPublishService === '') {
    throw absent('neither proxy address nor proxy service provided');
  }

  const [name = '', namespace = 'kubesphere-system'] = proxyPublishService.split('.', 2);
  const service = await client.find({ resource: SERVICES, namespace, name });
  if (!service) {
    throw absent(`service ${namespace}/${name} not found`);
  }

  const [port] = (service.spec?.ports ?? []) as { port?: number }[];
  if (port?.port === undefined) {
    throw absent(`there are no ports in proxy service ${namespace}/${name}`);
  }

  const points = (service.status?.loadBalancer?.ingress ?? []) as {
    ip?: string;
    hostname?: string;
  }[];

  const last = points.at(-1);
  const host = last?.ip || last?.hostname;
  if (!host) {
    throw absent(`proxy service ${namespace}/${name} has no public address yet`);
  }

  return `http://${host.includes(':') ? `[${host}]` : host}:${port.port}`;
}

/**
 * The Deployment (YAML) that connects a cluster of type proxy to here. Throws NotFound for clusters
 * of other types.
 */
export async function agentDeployment(
  client: KubeReader,
  cluster: KubeObject,
  options: AgentOptions,
): Promise<string> {
  const { name = '' } = cluster.metadata;

  const { type, token = '' } = (cluster.spec?.connection ?? {}) as {
    type?: string;
    token?: string;
  };

  if (type !== 'proxy') {
    throw absent(`cluster ${name} is not using proxy connection`);
  }

  const address = await proxyAddress(client, options);
  const labels = { app: 'agent', 'app.kubernetes.io/part-of': 'tower' };

  const command = [
    '/agent',
    `--name=${name}`,
    `--token=${token}`,
    `--proxy-server=${address}`,
    '--keepalive=10s',
    '--kubesphere-service=ks-apiserver.kubesphere-system.svc:80',
    '--kubernetes-service=kubernetes.default.svc:443',
    '--v=0',
  ];

  const resources = {
    limits: { cpu: '1', memory: '200M' },
    requests: { cpu: '100m', memory: '100M' },
  };

  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { creationTimestamp: null, name: 'cluster-agent', namespace: 'kubesphere-system' },
    spec: {
      selector: { matchLabels: labels },
      strategy: {},
      template: {
        metadata: { creationTimestamp: null, labels: { ...labels } },
        spec: {
          containers: [{ command, image: options.agentImage, name: 'agent', resources }],
          serviceAccountName: 'kubesphere',
        },
      },
    },
    status: {},
  };

  return stringify(deployment, { indentSeq: false, lineWidth: 0, aliasDuplicateObjects: false });
}
