import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import type { KubeReader } from '@ks-apiserver/client/kube/client';
import type { MetricQueries } from '@ks-apiserver/promql/query-api';
import { ConfigError } from '../config/config.ts';
import type { Config } from '../config/config-schema.ts';
import type { MonitoringDependencies } from '../kapis/monitoring.v1alpha3/routes.ts';
import { CustomMetrics } from '../models/monitoring/custom-metrics.ts';
import { Monitoring } from '../models/monitoring/monitoring.ts';
import { NO_METRICS } from '../models/monitoring/prometheus/no-metrics.ts';
import { PrometheusClient } from '../models/monitoring/prometheus/prometheus-client.ts';
import { NamespaceAges } from '../models/monitoring/query/namespace-ages.ts';
import { Statistics } from '../models/monitoring/statistics.ts';
import type { Catalog } from '../models/resources/catalog/catalog.ts';

/** Where metrics are read, and what closes it. */
export interface OpenMetrics {
  queries: MetricQueries;
  close(): Promise<void>;
}

/** Opens the Prometheus API of the configuration. Throws a ConfigError if it cannot be used. */
export function openMetrics({ monitoring }: Config): OpenMetrics {
  if (monitoring.endpoint === '') {
    return { queries: NO_METRICS, close: async () => {} };
  }

  try {
    const queries = new PrometheusClient(monitoring);
    return { queries, close: () => queries.close() };
  } catch (error) {
    throw new ConfigError(`monitoring: ${messageOf(error)}`);
  }
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
