/** The version that collectors are told: its bulk API is the one that is served. */
const VERSION = '7.10.2';

const CLUSTER = 'ks-apiserver';

/** What collectors read before they send anything, by path below the endpoint. */
export const DOCUMENTS: Readonly<Record<string, object>> = {
  '/': {
    name: CLUSTER,
    cluster_name: CLUSTER,
    version: {
      number: VERSION,
      build_flavor: 'oss',
      minimum_wire_compatibility_version: '6.8.0',
      minimum_index_compatibility_version: '6.0.0-beta1',
    },
    tagline: 'You Know, for Search',
  },
  '/_cluster/health': { cluster_name: CLUSTER, status: 'green', timed_out: false },
  '/_license': { license: { status: 'active', type: 'basic', mode: 'basic' } },
  '/_xpack': { license: { status: 'active', type: 'basic', mode: 'basic' }, features: {} },
  '/_nodes': { cluster_name: CLUSTER, nodes: {} },
  '/_nodes/http': { cluster_name: CLUSTER, nodes: {} },
};

/** Paths of what collectors set up in Elasticsearch, and what needs no setting up here. */
const SETTINGS =
  /^\/(_template|_index_template|_component_template|_ilm\/policy|_ingest\/pipeline)\/[^/]+$/;

/** Paths of indices. */
const INDEX = /^\/[^/_][^/]*$/;

/** An answer: its status and JSON. */
export interface PlainAnswer {
  readonly status: number;
  readonly body: object;
}

/** Returns an error in the form of Elasticsearch. */
export function errorAnswer(status: number, type: string, reason: string): PlainAnswer {
  return { status, body: { error: { root_cause: [{ type, reason }], type, reason }, status } };
}

/** Returns the answer to a call that stores nothing; undefined for an unknown one. */
export function plainAnswer(method: string, path: string): PlainAnswer | undefined {
  const reads = method === 'GET' || method === 'HEAD';
  const document = DOCUMENTS[path];
  if (reads && document) {
    return { status: 200, body: document };
  }

  const isKnown = SETTINGS.test(path) || INDEX.test(path);
  if (!isKnown) {
    return undefined;
  }

  return reads ? { status: 200, body: {} } : { status: 200, body: { acknowledged: true } };
}
