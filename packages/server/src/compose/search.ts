import { readFile } from 'node:fs/promises';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { ElasticsearchBackend } from '@ks-apiserver/search/elasticsearch/elasticsearch-backend';
import type { DocumentKind } from '@ks-apiserver/search/query/documents';
import { ConfigError } from '../config/config.ts';
import type { Config } from '../config/config-schema.ts';
import type { SearchBackends } from '../models/observability/searches.ts';

/** The section of the configuration for each kind of documents. */
const SECTIONS = {
  logs: 'logging',
  events: 'events',
  auditing: 'auditing',
} as const satisfies Record<DocumentKind, keyof Config>;

/** What logs, events and audit records are searched in. */
export interface OpenedSearch {
  readonly backends: SearchBackends;
  close(): Promise<void>;
}

async function openBackend(
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

/**
 * Opens what logs, events and audit records are searched in; kinds without a host have nothing.
 * Throws a ConfigError for a wrong address, version or CA.
 */
export async function openSearch(config: Config): Promise<OpenedSearch> {
  const [logs, events, auditing] = await Promise.all([
    openBackend(config, 'logs'),
    openBackend(config, 'events'),
    openBackend(config, 'auditing'),
  ]);

  return {
    backends: { ...(logs && { logs }), ...(events && { events }), ...(auditing && { auditing }) },
    close: async () => {
      await Promise.all([logs, events, auditing].map((backend) => backend?.close()));
    },
  };
}
