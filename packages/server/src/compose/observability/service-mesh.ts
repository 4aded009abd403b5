import type { KubeReader } from '@ks-apiserver/client/kube/client';
import type { MetricQueries } from '@ks-apiserver/promql/query-api';
import { JaegerClient } from '@ks-apiserver/upstreams/jaeger/jaeger-client';
import { openConfigured } from '../../config/config.ts';
import type { Config } from '../../config/config-schema.ts';
import type { ServiceMeshDependencies } from '../../kapis/servicemesh.v1alpha2/routes.ts';
import type { MetricSource } from '../../models/monitoring/metric-source.ts';
import { HttpPrometheus } from '../../models/monitoring/prometheus/http-prometheus.ts';
import { PrometheusClient } from '../../models/monitoring/prometheus/prometheus-client.ts';
import { NamespaceAges } from '../../models/monitoring/query/namespace-ages.ts';
import type { Catalog } from '../../models/resources/catalog/catalog.ts';
import { MeshGraph } from '../../models/service-mesh/graph/mesh-graph.ts';
import { MeshHealth } from '../../models/service-mesh/health/mesh-health.ts';
import { MeshNamespaces } from '../../models/service-mesh/mesh-namespaces.ts';
import { MeshObjects } from '../../models/service-mesh/mesh-objects.ts';
import { MeshMetrics } from '../../models/service-mesh/metrics/mesh-metrics.ts';

/** Where a cluster has Jaeger that KubeSphere's installer has set up. */
const JAEGER_OF_CLUSTER = 'http://jaeger-query.istio-system.svc:16686';

/** Calls for traces at the same time. */
const MAX_TRACE_CALLS = 16;

/** What the service mesh works with. */
export interface ServiceMeshContext {
  config: Config;
  client: KubeReader;
  catalog: Catalog;
  /** Metrics of the cluster, which are read unless the mesh has a Prometheus of its own. */
  recorded: MetricSource;
  isEmbedded: boolean;
}

/** Dependencies of the handlers, and what ends them. */
export interface OpenServiceMesh {
  dependencies: ServiceMeshDependencies;
  /** Where Istio's series are. */
  queries: MetricQueries;
  close(): Promise<void>;
}

function openPrometheus({ servicemesh, monitoring }: Config): PrometheusClient | undefined {
  if (servicemesh.servicemeshPrometheusHost === '') {
    return undefined;
  }

  return openConfigured(
    'servicemesh.servicemeshPrometheusHost',
    () =>
      new PrometheusClient(
        new HttpPrometheus({
          endpoint: servicemesh.servicemeshPrometheusHost,
          caFile: servicemesh.caFile,
          timeout: monitoring.timeout,
          maxConcurrency: monitoring.maxConcurrency,
          // Credentials of one server are not shown to another.
          username: '',
          password: '',
          bearerToken: '',
          headers: {},
        }),
        monitoring.timeout,
      ),
  );
}

function openJaeger({ config, isEmbedded }: ServiceMeshContext): JaegerClient | undefined {
  const { servicemesh, monitoring } = config;
  const url = servicemesh.jaegerQueryHost || (isEmbedded ? '' : JAEGER_OF_CLUSTER);
  if (url === '') {
    return undefined;
  }

  return openConfigured(
    'servicemesh.jaegerQueryHost',
    () =>
      new JaegerClient({
        url,
        caFile: servicemesh.caFile,
        timeoutMs: monitoring.timeout,
        maxConnections: MAX_TRACE_CALLS,
      }),
  );
}

/**
 * Opens what the service mesh API reads: the Prometheus of the mesh, or where none is configured
 * the metrics of the cluster, and Jaeger. Throws a ConfigError for what cannot be used.
 */
export function openServiceMesh(context: ServiceMeshContext): OpenServiceMesh {
  const { config, client, catalog, recorded } = context;
  const prometheus = openPrometheus(config);
  const jaeger = openJaeger(context);
  const queries = prometheus ?? recorded.queries;
  const namespaces = new MeshNamespaces(new NamespaceAges(client, catalog), catalog);
  const objects = new MeshObjects(catalog);

  return {
    dependencies: {
      metrics: new MeshMetrics(queries, namespaces),
      health: new MeshHealth(queries, namespaces, objects),
      graph: new MeshGraph(queries, namespaces, objects),
      jaeger,
    },
    queries,
    close: async () => {
      await Promise.all([prometheus?.close(), jaeger?.close()]);
    },
  };
}
