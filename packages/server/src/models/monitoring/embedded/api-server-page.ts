import { isWhole, type KubeTransport } from '@ks-apiserver/apimachinery/transport/transport';
import type { Registry } from 'prom-client';

/** Where the API server's metrics are: in this process, or at a cluster's own API. */
export interface ApiServer {
  transport: Pick<KubeTransport, 'request'>;
  /** Set for the embedded API. */
  embedded?: unknown;
}

/** The series that the rules about the API server read. */
const WANTED = /^apiserver_request_(total|duration_seconds_(sum|count))\b/;

/** Longest page of kube-apiserver, in bytes; real ones have some 10 MB. */
const MAX_BYTES = 64 * 1024 * 1024;
const TIMEOUT_MS = 20_000;

/** Verbs as kube-apiserver's metrics write them. */
const VERBS: Readonly<Record<string, string>> = {
  get: 'GET',
  list: 'LIST',
  watch: 'WATCH',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETECOLLECTION',
};

/** Returns this server's request metrics under the names that kube-apiserver has for its own. */
async function ownPage(registry: Registry): Promise<string> {
  const pages = await Promise.all(
    ['ks_apiserver_request_total', 'ks_apiserver_request_duration_seconds'].map((name) =>
      registry.getSingleMetricAsString(name),
    ),
  );

  return pages
    .join('\n')
    .replaceAll('ks_apiserver_request_', 'apiserver_request_')
    .replace(/verb="(\w+)"/g, (text, verb: string) => {
      const name = VERBS[verb];
      return name ? `verb="${name}"` : text;
    })
    .split('\n')
    .filter((line) => WANTED.test(line))
    .join('\n')
    .concat('\n');
}

/** Returns the wanted lines of kube-apiserver's page, which is read piece by piece. */
async function kubePage(transport: ApiServer['transport']): Promise<string> {
  const { status, body } = await transport.request({
    method: 'GET',
    url: '/metrics',
    headers: { accept: 'text/plain' },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });

  const wanted: string[] = [];
  let rest = '';
  let size = 0;

  for await (const piece of isWhole(body) ? [body] : body) {
    size += piece.byteLength;

    if (size > MAX_BYTES) {
      throw new RangeError(`the page of kube-apiserver has more than ${MAX_BYTES} bytes`);
    }

    const lines = (rest + Buffer.from(piece).toString()).split('\n');
    rest = lines.pop() ?? '';
    wanted.push(...lines.filter((line) => WANTED.test(line)));
  }

  if (status !== 200) {
    throw new Error(`kube-apiserver answered ${status}`);
  }

  return `${wanted.join('\n')}\n`;
}

/**
 * Returns the request metrics of the API server in Prometheus' text format: of this process where
 * the API is embedded, else of the cluster's kube-apiserver. Rejects when it does not answer.
 */
export function apiServerPage(registry: Registry, api: ApiServer): Promise<string> {
  return api.embedded ? ownPage(registry) : kubePage(api.transport);
}
