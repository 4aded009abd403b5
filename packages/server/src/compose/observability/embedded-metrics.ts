import os from 'node:os';
import { join } from 'node:path';
import { Informer } from '@ks-apiserver/client/informer/informer';
import { nodeName } from '@ks-apiserver/controllers/node/host-node';
import { SIMULATED } from '@ks-apiserver/controllers/simulate/cluster';
import type { CollectorOptions } from '@ks-apiserver/metrics/collect/collector-options';
import { EmbeddedMetrics } from '@ks-apiserver/metrics/embedded/embedded-metrics';
import type { ObjectSource } from '@ks-apiserver/metrics/embedded/object-feed';
import { EMBEDDED } from '@ks-apiserver/metrics/rules/rule';
import type { Logger } from 'pino';
import type { Kubernetes } from '../../backend/kubernetes.ts';
import { openConfigured } from '../../config/config.ts';
import type { Config } from '../../config/config-schema.ts';
import type { Metrics } from '../../http/observe/metrics.ts';
import { apiServerPage } from '../../models/monitoring/embedded/api-server-page.ts';
import { ScrapePages } from '../../models/monitoring/embedded/scrape-pages.ts';
import type { PageTarget } from '../../models/monitoring/embedded/scrape-targets.ts';
import type { MetricSource } from '../../models/monitoring/metric-source.ts';
import type { Catalog } from '../../models/resources/catalog/catalog.ts';
import { workerProgram } from './worker-program.ts';

/** Resources that the catalog follows as soon as they are used. */
const OF_CATALOG = [
  'configmaps',
  'cronjobs',
  'daemonsets',
  'deployments',
  'horizontalpodautoscalers',
  'ingresses',
  'jobs',
  'namespaces',
  'nodes',
  'persistentvolumeclaims',
  'pods',
  'replicasets',
  's2ibuilders',
  'secrets',
  'services',
  'statefulsets',
] as const;

/** Resources that nothing else follows. */
const OTHERS = [
  ['endpoints', 'Endpoints'],
  ['persistentvolumes', 'PersistentVolume'],
  ['resourcequotas', 'ResourceQuota'],
] as const;

/** What embedded metrics are made of. */
export interface EmbeddedMetricsContext {
  config: Config;
  kubernetes: Pick<Kubernetes, 'client' | 'transport' | 'embedded'>;
  catalog: Catalog;
  metrics: Metrics;
  /** Directory of the server's data; metrics get one of their own in it. */
  dataDir: string;
  /** Whether this machine is a node of the cluster. */
  isNode: boolean;
  log: Logger;
}

/** Metrics that are collected and kept by this server itself. */
export interface OpenEmbeddedMetrics extends MetricSource {
  embedded: EmbeddedMetrics;
}

/** What is followed to collect metrics of the cluster, and what ends it. */
interface Followed {
  objects: ObjectSource[];
  stop(): Promise<void>;
}

/** Follows the objects of which the cluster's metrics are made. */
function followObjects({ kubernetes, catalog }: EmbeddedMetricsContext): Followed {
  const others = OTHERS.map(([resource, kind]) => ({
    kind: resource,
    informer: new Informer(kubernetes.client, {
      resource: { group: '', version: 'v1', resource },
      kind,
    }).start(),
  }));

  return {
    objects: [
      ...OF_CATALOG.map((kind) => ({ kind, store: catalog.informerOf(kind).store })),
      ...others.map(({ kind, informer }) => ({ kind, store: informer.store })),
    ],
    stop: async () => {
      await Promise.all(others.map(({ informer }) => informer.stop()));
    },
  };
}

/** Returns what asks the cluster's kubelets and its API server for their metrics. */
function askedServers({ kubernetes, metrics }: EmbeddedMetricsContext) {
  return {
    ownMetrics: () => apiServerPage(metrics.registry, kubernetes),
    // The embedded API has no kubelets.
    ...(!kubernetes.embedded && { kubelets: { transport: kubernetes.transport } }),
  };
}

function openPages({ monitoring }: Config): ScrapePages {
  return openConfigured(
    'monitoring.embedded.scrapeTargets',
    () => new ScrapePages(monitoring.embedded.scrapeTargets),
  );
}

/** Returns how series are made, and which rules are evaluated on them. */
function collectorOptions(
  { config, kubernetes, isNode }: EmbeddedMetricsContext,
  targets: readonly PageTarget[],
): CollectorOptions {
  const { collect, rules } = config.monitoring.embedded;
  // The nodes of a real cluster have kubelets, this machine too if it is one of them.
  const isHostNode = collect && isNode && kubernetes.embedded !== undefined;
  // Only this server's own series of nodes have KubeSphere's mode `used`.
  const variant = collect ? EMBEDDED : { ...EMBEDDED, nodeExporter: 'upstream' as const };

  return {
    instance: os.hostname(),
    simulatedAnnotation: SIMULATED,
    targets: targets.map(({ labels, honorLabels }) => ({ labels, honorLabels })),
    collects: collect ? 'cluster' : 'targets',
    rules: rules ? variant : 'none',
    ...(isHostNode && { hostNode: nodeName(os.hostname()) }),
  };
}

/**
 * Starts to collect metrics; they are kept in the data directory. Throws a ConfigError for targets
 * that cannot be scraped.
 */
export function openEmbeddedMetrics(context: EmbeddedMetricsContext): OpenEmbeddedMetrics {
  const { config, dataDir, log } = context;
  const { interval, retention, maxBytes, maxSeries, collect } = config.monitoring.embedded;
  const scraped = openPages(config);
  const followed = collect ? followObjects(context) : undefined;

  const embedded = EmbeddedMetrics.start({
    store: {
      directory: join(dataDir, 'metrics'),
      retentionMs: retention,
      retentionBytes: maxBytes,
      maxSeries,
    },
    collector: collectorOptions(context, scraped.targets),
    workerPath: workerProgram('metrics-worker.cjs', '@ks-apiserver/metrics/worker/main'),
    objects: followed?.objects ?? [],
    targets: scraped.pages,
    intervalMs: interval,
    log: {
      info: (message) => log.info(message),
      warn: (message) => log.warn(message),
    },
    ...(collect && askedServers(context)),
  });

  return {
    embedded,
    queries: embedded.queries,
    close: async () => {
      await embedded.stop();
      await Promise.all([scraped.close(), followed?.stop()]);
    },
  };
}
