import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '@ks-apiserver/apimachinery/files/replace-file';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { ElasticsearchBackend } from '@ks-apiserver/search/elasticsearch/elasticsearch-backend';
import type { DocumentKind } from '@ks-apiserver/search/query/documents';
import type { SearchBackend } from '@ks-apiserver/search/query/search-backend';
import { SqliteStore } from '@ks-apiserver/search/store/sqlite-store';
import type { Logger } from 'pino';
import type { Kubernetes } from '../../backend/kubernetes.ts';
import { ConfigError } from '../../config/config.ts';
import type { Config } from '../../config/config-schema.ts';
import { ElasticsearchIngest } from '../../kapis/ingest/elasticsearch-ingest.ts';
import { ingestTokenTest } from '../../kapis/ingest/ingest-token.ts';
import { EventRecorder, type Position } from '../../models/observability/event-recorder.ts';
import { LogPositions } from '../../models/observability/pod-logs/log-positions.ts';
import { PodLogCollector } from '../../models/observability/pod-logs/pod-log-collector.ts';
import type { SearchBackends } from '../../models/observability/searches.ts';
import type { Catalog } from '../../models/resources/catalog/catalog.ts';
import { workerProgram } from './worker-program.ts';

/** The section of the configuration for each kind of documents. */
const SECTIONS = {
  logs: 'logging',
  events: 'events',
  auditing: 'auditing',
} as const satisfies Record<DocumentKind, keyof Config>;

const DAY_MS = 86_400_000;

/** Name under which the generated token of collectors is kept. */
const TOKEN_KEY = 'ingest-token';

/** What searches, and what is searched, is made from. */
export interface SearchContext {
  readonly config: Config;
  readonly kubernetes: Kubernetes;
  readonly catalog: Catalog;
  readonly dataDir: string;
  readonly log: Logger;
}

/** What logs, events and audit records are stored and searched in. */
export interface OpenedSearch {
  readonly backends: SearchBackends;
  /** Where this server keeps documents itself; undefined if it does not. */
  readonly store: SqliteStore | undefined;
  /** The API by which collectors send documents to it. */
  readonly ingest: ElasticsearchIngest | undefined;
  close(): Promise<void>;
}

async function openElasticsearch(
  config: Config,
  kind: DocumentKind,
): Promise<ElasticsearchBackend | undefined> {
  const section = SECTIONS[kind];
  const { host, caFile, timeout, ...options } = config[section];
  if (host === '') {
    return undefined;
  }

  try {
    const ca = caFile === '' ? {} : { ca: await readFile(caFile, 'utf8') };
    return new ElasticsearchBackend({ ...options, ...ca, kind, hosts: host, timeoutMs: timeout });
  } catch (error) {
    throw new ConfigError(`${section}: ${messageOf(error)}`);
  }
}

function openStore({ config, dataDir, log }: SearchContext, folder: string): SqliteStore {
  const { retention, maxBytes, timeout } = config.search;

  try {
    return new SqliteStore({
      folder,
      program: workerProgram('search-worker.cjs', '@ks-apiserver/search/worker/main'),
      retentionDays: Math.max(1, Math.ceil(retention / DAY_MS)),
      maxBytes,
      timeoutMs: timeout,
      prefixes: {
        logs: config.logging.indexPrefix,
        events: config.events.indexPrefix,
        auditing: config.auditing.indexPrefix,
      },
      onWarning: (message) => log.warn(`search: ${message}`),
    });
  } catch (error) {
    throw new ConfigError(`search.directory: ${messageOf(error)} (${dataDir})`);
  }
}

async function openIngest(
  { config, kubernetes }: SearchContext,
  store: SqliteStore,
): Promise<ElasticsearchIngest | undefined> {
  const { enable, token } = config.search.ingest;
  if (!enable) {
    return undefined;
  }

  const { secrets } = kubernetes;
  const kept =
    token ||
    ((await secrets.read(TOKEN_KEY)) ??
      (await secrets.keep(TOKEN_KEY, randomBytes(32).toString('base64url'))));

  return new ElasticsearchIngest({ store, mayIngest: ingestTokenTest(kept) });
}

/** Follows the logs of a cluster's pods; returns a function that stops it. */
async function followPodLogs(
  { config, kubernetes, catalog, log }: SearchContext,
  store: SqliteStore,
  folder: string,
): Promise<() => Promise<void>> {
  const pods = catalog.informerOf('pods');
  const stopping = new AbortController();
  const onWarning = (message: string) => log.warn(`search.podLogs: ${message}`);

  const collector = new PodLogCollector({
    client: kubernetes.client,
    pods: pods.store,
    positions: await LogPositions.open(join(folder, 'pod-log-positions.json'), onWarning),
    append: (documents) => store.append('logs', documents),
    maxStreams: config.search.podLogs.maxStreams,
    onWarning,
    onError: (err) => log.warn({ err }, 'the log of a container cannot be stored, trying again'),
  });

  const started = pods
    .ready(stopping.signal)
    .then(() => collector.start())
    .catch(() => {});

  return async () => {
    stopping.abort();
    await started;
    await collector.stop();
  };
}

/** Keeps the position of the events in a file. */
function positionIn(folder: string): Position {
  const path = join(folder, 'events-position');

  return {
    read: async () => (await readFile(path, 'utf8')).trim(),
    keep: (version) => replaceFile(path, `${version}\n`),
  };
}

/**
 * Opens what logs, events and audit records are searched in: Elasticsearch where a host is
 * configured, else files of this server. Throws a ConfigError for what the operator can correct.
 */
export async function openSearch(context: SearchContext): Promise<OpenedSearch> {
  const { config, kubernetes, dataDir, log } = context;

  const [logs, events, auditing] = await Promise.all([
    openElasticsearch(config, 'logs'),
    openElasticsearch(config, 'events'),
    openElasticsearch(config, 'auditing'),
  ]);

  const { store: wanted, directory } = config.search;
  const isWanted = wanted === 'auto' ? kubernetes.embedded !== undefined : wanted === 'on';
  const isNeeded = isWanted && !(logs && events && auditing);
  const folder = directory || join(dataDir, 'search');
  const store = isNeeded ? openStore(context, folder) : undefined;
  const backend = (kind: DocumentKind): SearchBackend | undefined => store?.backend(kind);

  const recorder =
    store && !events && config.search.events
      ? new EventRecorder({
          client: kubernetes.client,
          append: (documents) => store.append('events', documents),
          position: positionIn(folder),
          onError: (err) => log.warn({ err }, 'events of the Kubernetes API cannot be stored'),
        }).start()
      : undefined;

  // The embedded API has no kubelets: logs of simulated pods are stored as they are made.
  const canFollow = store && !logs && !kubernetes.embedded;
  let stopFollowing: (() => Promise<void>) | undefined;

  if (config.search.podLogs.enable && canFollow) {
    stopFollowing = await followPodLogs(context, store, folder);
  } else if (config.search.podLogs.enable) {
    log.warn(
      'search.podLogs follows logs on a cluster only, with search.store on and no logging.host',
    );
  }

  return {
    backends: {
      logs: logs ?? backend('logs'),
      events: events ?? backend('events'),
      auditing: auditing ?? backend('auditing'),
    },
    store,
    ingest: store && (await openIngest(context, store)),
    close: async () => {
      await Promise.all([recorder?.stop(), stopFollowing?.()]);
      await Promise.all([logs, events, auditing, store].map((part) => part?.close()));
    },
  };
}
