import { SERVICES } from '@ks-apiserver/api/resources';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeReader } from '@ks-apiserver/client/kube/client';
import { stringify } from 'yaml';

/** The settings that an agent needs. */
export interface AgentOptions {
  proxyPublishAddress: string;
  /** `name` or `name.namespace` of the Service in front of the proxy. */
  proxyPublishService: string;
  agentImage: string;
  /** Whose agent the image holds. */
  agentProgram: 'tower' | 'ks-apiserver';
}

function absent(message: string): StatusError {
  return new StatusError(404, 'NotFound', message);
}

/**
 * Returns the address at which agents reach the proxy: the configured one, or that of its Service.
 * Throws NotFound.
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

  const ports: { port?: number }[] = service.spec?.ports ?? [];
  const port = ports[0]?.port;
  if (port === undefined) {
    throw absent(`there are no ports in proxy service ${namespace}/${name}`);
  }

  const points: { ip?: string; hostname?: string }[] = service.status?.loadBalancer?.ingress ?? [];

  const last = points.at(-1);
  const host = last?.ip || last?.hostname;
  if (!host) {
    throw absent(`proxy service ${namespace}/${name} has no public address yet`);
  }

  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/**
 * Makes the Deployment (YAML) of the agent that connects a cluster of type proxy. Throws NotFound
 * for clusters of other types.
 */
export async function agentDeployment(
  client: KubeReader,
  cluster: KubeObject,
  options: AgentOptions,
): Promise<string> {
  const { name = '' } = cluster.metadata;

  const { type, token = '' }: { type?: string; token?: string } = cluster.spec?.connection ?? {};

  if (type !== 'proxy') {
    throw absent(`cluster ${name} is not using proxy connection`);
  }

  const address = await proxyAddress(client, options);
  const labels = { app: 'agent', 'app.kubernetes.io/part-of': 'tower' };

  const flags = [
    `--name=${name}`,
    `--token=${token}`,
    `--proxy-server=${address}`,
    '--keepalive=10s',
    '--kubesphere-service=ks-apiserver.kubesphere-system.svc:80',
  ];

  // Tower's agent wants the address of the Kubernetes API, and takes that of its pod's environment.
  const start =
    options.agentProgram === 'tower'
      ? {
          command: ['/agent', ...flags, '--kubernetes-service=kubernetes.default.svc:443', '--v=0'],
        }
      : { args: ['agent', ...flags] };

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
          containers: [{ ...start, image: options.agentImage, name: 'agent', resources }],
          serviceAccountName: 'kubesphere',
        },
      },
    },
    status: {},
  };

  return stringify(deployment, { indentSeq: false, lineWidth: 0, aliasDuplicateObjects: false });
}
