import { readText, type Upstream } from '@ks-apiserver/upstreams/upstream';

const BASE = '/api/topology/services';

/** Name of the field in which Scope tells a node's namespace. */
const NAMESPACE_FIELD = 'kubernetes_namespace';

/** What Scope answered. */
export interface ScopeAnswer {
  status: number;
  /** JSON as it came. */
  text: string;
}

/** The topologies of services that a Weave Scope draws. */
export class WeaveScope {
  readonly #upstream: Upstream;

  constructor(upstream: Upstream) {
    this.#upstream = upstream;
  }

  /** Returns the nodes of a namespace. Rejects with an UpstreamError. */
  nodes(namespace: string, times: readonly string[], signal: AbortSignal): Promise<ScopeAnswer> {
    return this.#get('', namespace, times, signal);
  }

  /**
   * Returns one node; undefined when it is of another namespace, which Scope shows too. Rejects with
   * an UpstreamError.
   */
  async node(
    id: string,
    namespace: string,
    times: readonly string[],
    signal: AbortSignal,
  ): Promise<ScopeAnswer | undefined> {
    const answer = await this.#get(`/${encodeURIComponent(id)}`, namespace, times, signal);
    return namespaceOf(answer.text) === namespace ? answer : undefined;
  }

  async #get(
    path: string,
    namespace: string,
    times: readonly string[],
    signal: AbortSignal,
  ): Promise<ScopeAnswer> {
    const query = new URLSearchParams({ namespace });

    for (const time of times) {
      query.append('timestamp', time);
    }

    const answer = await this.#upstream.call({
      method: 'GET',
      path: `${BASE}${path}?${query}`,
      headers: { accept: 'application/json' },
      signal,
    });

    return { status: answer.status, text: await readText(answer) };
  }
}

/** Returns the namespace that a node's fields name; undefined without one. */
function namespaceOf(text: string): string | undefined {
  try {
    const { node } = JSON.parse(text) as {
      node?: { metadata?: readonly { id?: unknown; value?: unknown }[] };
    };
    const field = node?.metadata?.find(({ id }) => id === NAMESPACE_FIELD);

    return typeof field?.value === 'string' ? field.value : undefined;
  } catch {
    return undefined;
  }
}
