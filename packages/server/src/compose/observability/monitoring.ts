import type { KubeReader } from '@ks-apiserver/client/kube/client';
import type { MetricQueries } from '@ks-apiserver/promql/query-api';
import { openConfigured } from '../../config/config.ts';
import type { Config } from '../../config/config-schema.ts';
import type { MonitoringDependencies } from '../../kapis/monitoring.v1alpha3/routes.ts';
import { CustomMetrics } from '../../models/monitoring/custom-metrics.ts';
import type { MetricSource } from '../../models/monitoring/metric-source.ts';
import { Monitoring } from '../../models/monitoring/monitoring.ts';
import { HttpPrometheus } from '../../models/monitoring/prometheus/http-prometheus.ts';
import { NO_METRICS } from '../../models/monitoring/prometheus/no-metrics.ts';
import { PrometheusClient } from '../../models/monitoring/prometheus/prometheus-client.ts';
import { NamespaceAges } from '../../models/monitoring/query/namespace-ages.ts';
import { Statistics } from '../../models/monitoring/statistics.ts';
import type { Catalog } from '../../models/resources/catalog/catalog.ts';
import type { EmbeddedMetricsContext } from './embedded-metrics.ts';

function openPrometheus({ monitoring }: Config): MetricSource {
  return openConfigured('monitoring', () => {
    const queries = new PrometheusClient(new HttpPrometheus(monitoring), monitoring.timeout);
    return { queries, close: () => queries.close() };
  });
}

/**
 * Opens the Prometheus API of the configuration; without one this server's own metrics, unless they
 * are turned off. Throws a ConfigError for an API that cannot be used.
 */
export async function openMetrics(context: EmbeddedMetricsContext): Promise<MetricSource> {
  const { config, kubernetes, catalog } = context;

  if (config.monitoring.endpoint !== '') {
    return openPrometheus(config);
  }
  if (!config.monitoring.embedded.enable) {
    return { queries: NO_METRICS, close: async () => {} };
  }

  // The code of the collection is loaded only when it is used.
  const { openEmbeddedMetrics } = await import('./embedded-metrics.ts');
  const opened = openEmbeddedMetrics(context);

  await kubernetes.embedded?.serveUsage(opened.embedded.usage, {
    nodes: catalog.informerOf('nodes').store,
    pods: catalog.informerOf('pods').store,
  });

  return opened;
}

/** Returns what the handlers of the monitoring API work with. */
export function monitoringDependencies(
  queries: MetricQueries,
  client: KubeReader,
  catalog: Catalog,
): MonitoringDependencies {
  const monitoring = new Monitoring(queries, new NamespaceAges(client, catalog));

  return {
    monitoring,
    custom: new CustomMetrics(monitoring, queries),
    statistics: new Statistics(catalog),
  };
}
