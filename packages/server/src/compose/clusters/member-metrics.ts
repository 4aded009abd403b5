import { join } from 'node:path';
import { PROMETHEUS_ANNOTATION } from '@ks-apiserver/api/cluster';
import { SERVICES } from '@ks-apiserver/api/resources';
import type { Logger } from 'pino';
import type { Config } from '../../config/config-schema.ts';
import type { Metrics } from '../../http/observe/metrics.ts';
import type { MemberScope } from '../../models/clusters/member-scopes.ts';
import type { MetricSource } from '../../models/monitoring/metric-source.ts';
import { NO_METRICS } from '../../models/monitoring/prometheus/no-metrics.ts';
import { PrometheusClient } from '../../models/monitoring/prometheus/prometheus-client.ts';
import {
  type ServiceAddress,
  ServicePrometheus,
} from '../../models/monitoring/prometheus/service-prometheus.ts';

/** Services under which KubeSphere, kube-prometheus and the operator install Prometheus. */
const USUAL_SERVICES: readonly ServiceAddress[] = [
  { namespace: 'kubesphere-monitoring-system', name: 'prometheus-k8s', port: '9090' },
  { namespace: 'monitoring', name: 'prometheus-k8s', port: '9090' },
  { namespace: 'monitoring', name: 'prometheus-operated', port: '9090' },
];

/** What metrics of members are made with. */
export interface MemberMetricsContext {
  config: Config;
  metrics: Metrics;
  dataDir: string;
  log: Logger;
}

/** Parses the annotation of a Cluster; undefined for a text of another form. */
export function parseServiceAddress(text: string): ServiceAddress | undefined {
  const name = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
  const match = new RegExp(`^(${name})/(${name}):(${name})$`).exec(text);
  const [, namespace, service, port] = match ?? [];

  return namespace && service && port ? { namespace, name: service, port } : undefined;
}

/** Finds the Prometheus of a member: the one that its Cluster names, or a usual one that is there. */
async function findPrometheus(
  { client }: MemberScope,
  named: string | undefined,
): Promise<ServiceAddress | undefined> {
  if (named !== undefined) {
    return parseServiceAddress(named);
  }

  for (const address of USUAL_SERVICES) {
    const { namespace, name } = address;
    if (await client.find({ resource: SERVICES, namespace, name })) {
      return address;
    }
  }

  return undefined;
}

/**
 * Opens the metrics of a member that has only Kubernetes: its Prometheus where it has one, else
 * metrics that this server collects from the member's kubelets, if it does so for itself.
 */
export async function openMemberMetrics(
  member: { name: string; scope: MemberScope; prometheus: string | undefined },
  { config, metrics, dataDir, log }: MemberMetricsContext,
): Promise<MetricSource> {
  const { name, scope, prometheus } = member;
  const { client, transport, catalog } = scope;
  const address = await findPrometheus(scope, prometheus);

  if (address) {
    const connection = new ServicePrometheus(transport, address);
    const queries = new PrometheusClient(connection, config.monitoring.timeout);

    return { queries, close: () => queries.close() };
  }
  if (prometheus !== undefined) {
    log.warn(
      { cluster: name },
      `the annotation ${PROMETHEUS_ANNOTATION} must have the form namespace/service:port`,
    );
  }
  if (!config.monitoring.embedded.enable) {
    return { queries: NO_METRICS, close: async () => {} };
  }

  // The code of the collection is loaded only when it is used.
  const { openEmbeddedMetrics } = await import('../observability/embedded-metrics.ts');
  const { monitoring } = config;

  return openEmbeddedMetrics({
    // Applications of the host are not asked again for each member.
    config: {
      ...config,
      monitoring: { ...monitoring, embedded: { ...monitoring.embedded, scrapeTargets: [] } },
    },
    kubernetes: { client, transport },
    catalog,
    metrics,
    dataDir: join(dataDir, 'clusters', name),
    isNode: false,
    log: log.child({ cluster: name }),
  });
}
