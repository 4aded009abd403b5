import { existsSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { Informer } from '@ks-apiserver/client/informer/informer';
import { nodeName } from '@ks-apiserver/controllers/node/host-node';
import { SIMULATED } from '@ks-apiserver/controllers/simulate/cluster';
import { EmbeddedMetrics } from '@ks-apiserver/metrics/embedded/embedded-metrics';
import type { ObjectSource } from '@ks-apiserver/metrics/embedded/object-feed';
import type { Logger } from 'pino';
import type { Kubernetes } from '../backend/kubernetes.ts';
import type { Config } from '../config/config-schema.ts';
import type { Metrics } from '../http/metrics.ts';
import { apiServerPage } from '../models/monitoring/embedded/api-server-page.ts';
import type { MetricSource } from '../models/monitoring/metric-source.ts';
import type { Catalog } from '../models/resources/catalog/catalog.ts';

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
  kubernetes: Kubernetes;
  catalog: Catalog;
  metrics: Metrics;
  /** Directory of the server's data; metrics get one of their own in it. */
  dataDir: string;
  /** Whether this machine is a node of the cluster. */
  isNode: boolean;
  log: Logger;
}

/** Returns the file of the worker thread: beside the bundle, or where the package is built. */
function workerFile(): URL {
  const bundled = new URL('metrics-worker.cjs', import.meta.url);
  return existsSync(bundled)
    ? bundled
    : new URL('../../../metrics/dist/worker/main.js', import.meta.url);
}

/** Metrics that are collected and kept by this server itself. */
export interface OpenEmbeddedMetrics extends MetricSource {
  embedded: EmbeddedMetrics;
}

/** Starts to collect metrics of the cluster; they are kept in the data directory. */
export function openEmbeddedMetrics(context: EmbeddedMetricsContext): OpenEmbeddedMetrics {
  const { config, kubernetes, catalog, metrics, dataDir, isNode, log } = context;
  const { interval, retention, maxBytes, maxSeries } = config.monitoring.embedded;

  const others = OTHERS.map(([resource, kind]) => ({
    kind: resource,
    informer: new Informer(kubernetes.client, {
      resource: { group: '', version: 'v1', resource },
      kind,
    }).start(),
  }));

  const objects: ObjectSource[] = [
    ...OF_CATALOG.map((kind) => ({ kind, store: catalog.informerOf(kind).store })),
    ...others.map(({ kind, informer }) => ({ kind, store: informer.store })),
  ];

  const embedded = EmbeddedMetrics.start({
    store: {
      directory: join(dataDir, 'metrics'),
      retentionMs: retention,
      retentionBytes: maxBytes,
      maxSeries,
    },
    collector: {
      instance: os.hostname(),
      simulatedAnnotation: SIMULATED,
      ...(isNode && { hostNode: nodeName(os.hostname()) }),
    },
    workerPath: workerFile(),
    objects,
    ownMetrics: () => apiServerPage(metrics.registry, kubernetes),
    intervalMs: interval,
    log: {
      info: (message) => log.info(message),
      warn: (message) => log.warn(message),
    },
    // The embedded API has no kubelets.
    ...(!kubernetes.embedded && { kubelets: { transport: kubernetes.transport } }),
  });

  return {
    embedded,
    queries: embedded.queries,
    close: async () => {
      await embedded.stop();
      await Promise.all(others.map(({ informer }) => informer.stop()));
    },
  };
}
