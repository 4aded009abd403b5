import { HOST_CLUSTER_LABEL } from '@ks-apiserver/api/labels';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { type Entry, objectOf } from '@ks-apiserver/client/informer/entry';
import type { InformerStore } from '@ks-apiserver/client/informer/informer-store';
import { KubeconfigError, parseKubeconfig } from '@ks-apiserver/client/kube/kubeconfig';
import { RemoteTransport } from '@ks-apiserver/client/kube/remote';
import { MemberConnection } from './member-connection.ts';

/** Where a member's KubeSphere API is. */
export type Door =
  /** At an address of its own; it knows the callers of this server by their tokens. */
  | 'own'
  /** Behind the member's Kubernetes API, to which this server logs in. */
  | 'service';

/** A cluster to which calls can go. */
export type Member =
  | { state: 'host' }
  | { state: 'not-ready' }
  | { state: 'ready'; door: Door; connection: MemberConnection };

interface Connection {
  type?: string;
  kubeconfig?: string;
  kubernetesAPIEndpoint?: string;
  kubesphereAPIEndpoint?: string;
}

interface Known {
  /** What the connection was made from, as JSON. */
  source: string;
  member: Promise<Member>;
}

const NOT_READY: Member = { state: 'not-ready' };

function isReady({ status }: KubeObject): boolean {
  const conditions: readonly { type?: string; status?: string }[] = status?.conditions ?? [];
  return conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True');
}

interface MemberSource {
  ready: boolean;
  connection: Connection;
}

/** Returns what a connection is made from, as JSON. */
function sourceOf(entry: Entry): string {
  const cluster = objectOf(entry);
  const source: MemberSource = {
    ready: isReady(cluster),
    connection: cluster.spec?.connection ?? {},
  };

  return JSON.stringify(source);
}

/** Scheme and host of an endpoint; undefined for one that is no URL of HTTP. */
function originOf(endpoint: string): string | undefined {
  if (!URL.canParse(endpoint)) {
    return undefined;
  }

  const { protocol, origin } = new URL(endpoint);

  return protocol === 'http:' || protocol === 'https:' ? origin : undefined;
}

/** Opens the connection that a Cluster describes; undefined for what cannot be used. */
async function connect(
  name: string,
  { kubeconfig = '', kubernetesAPIEndpoint = '', kubesphereAPIEndpoint = '', type }: Connection,
): Promise<Member> {
  if (type === 'proxy' || kubesphereAPIEndpoint !== '') {
    const server = originOf(kubesphereAPIEndpoint);
    if (server === undefined) {
      return NOT_READY;
    }

    const transport = new RemoteTransport({ server }, { sendsCredentialsOfRequests: true });
    return { state: 'ready', door: 'own', connection: new MemberConnection(name, transport) };
  }

  try {
    const config = await parseKubeconfig(Buffer.from(kubeconfig, 'base64').toString(), undefined);
    const server = originOf(kubernetesAPIEndpoint) ?? config.server;
    const transport = new RemoteTransport({ ...config, server });

    return { state: 'ready', door: 'service', connection: new MemberConnection(name, transport) };
  } catch (error) {
    if (error instanceof KubeconfigError || error instanceof TypeError) {
      return NOT_READY;
    }
    throw error;
  }
}

/** The member clusters, each with a connection of its own while its Cluster does not change. */
export class MemberClusters {
  readonly #clusters: InformerStore;
  readonly #known = new Map<string, Known>();
  readonly #unsubscribe: () => void;

  /** `clusters` are the Cluster objects with their credentials; their informer keeps objects. */
  constructor(clusters: InformerStore) {
    this.#clusters = clusters;

    // The status of a Cluster changes all the time; connections must not end with that.
    this.#unsubscribe = clusters.onChange(({ type, entry }) => {
      if (type === 'DELETED' || this.#known.get(entry.name)?.source !== sourceOf(entry)) {
        this.#forget(entry.name);
      }
    });
  }

  /** Returns a cluster by its name; undefined if there is none. */
  async find(name: string): Promise<Member | undefined> {
    const entry = this.#clusters.get(name);
    if (!entry) {
      return undefined;
    }
    if (HOST_CLUSTER_LABEL in entry.labels) {
      return { state: 'host' };
    }

    const known = this.#known.get(name) ?? this.#open(entry);
    this.#known.set(name, known);

    return known.member;
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    this.#unsubscribe();

    for (const name of [...this.#known.keys()]) {
      this.#forget(name);
    }
  }

  #open(entry: Entry): Known {
    const source = sourceOf(entry);
    const { ready, connection } = JSON.parse(source) as MemberSource;

    return {
      source,
      member: ready ? connect(entry.name, connection) : Promise.resolve(NOT_READY),
    };
  }

  #forget(name: string): void {
    const known = this.#known.get(name);
    this.#known.delete(name);

    const close = async () => {
      const member = await known?.member;
      if (member?.state === 'ready') {
        await member.connection.close();
      }
    };

    close().catch(() => {});
  }
}
