import type { KubeTransport } from '@ks-apiserver/apimachinery/transport/transport';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { InformerStore } from '@ks-apiserver/client/informer/informer-store';
import type { AgentTunnels } from '@ks-apiserver/client/kube/agent-tunnel';
import { closeMember, type Member, openMember, sourceOf } from './member.ts';

interface Known {
  /** What the connections were made from, as JSON. */
  source: string;
  member: Promise<Member>;
}

/** The clusters that can be called, each with connections of its own while its Cluster stays. */
export class MemberClusters {
  readonly #clusters: InformerStore;
  readonly #known = new Map<string, Known>();
  readonly #listeners = new Set<(cluster: string) => void>();
  readonly #agents: AgentTunnels | undefined;
  readonly #unsubscribe: (() => void)[];

  /**
   * `clusters` are the Cluster objects with their credentials; their informer keeps objects.
   * `agents` are those that connect to this server; undefined where they connect to tower.
   */
  constructor(clusters: InformerStore, agents?: AgentTunnels) {
    this.#clusters = clusters;
    this.#agents = agents;

    // The status of a Cluster changes all the time; connections must not end with that.
    const unsubscribe = clusters.onChange(({ type, entry }) => {
      const known = this.#known.get(entry.name);
      if (known && (type === 'DELETED' || known.source !== JSON.stringify(sourceOf(entry)))) {
        this.#forget(entry.name);
      }
    });

    const changed = agents?.onChange((cluster) => this.#forget(cluster));

    this.#unsubscribe = changed ? [unsubscribe, changed] : [unsubscribe];
  }

  /** Returns a cluster by its name; undefined if there is none. */
  async find(name: string): Promise<Member | undefined> {
    const entry = this.#clusters.get(name);
    if (!entry) {
      return undefined;
    }

    const known = this.#known.get(name) ?? this.#open(entry);
    this.#known.set(name, known);

    return known.member;
  }

  /**
   * Returns the Kubernetes API of a member, called with the credentials of its Cluster; undefined
   * for the host, and for members that cannot be called there.
   */
  async kubernetes(name: string): Promise<KubeTransport | undefined> {
    const member = await this.find(name);
    return member?.state === 'ready' ? member.kubernetes : undefined;
  }

  /** Returns the names of all clusters that a test of name and labels accepts, sorted. */
  names(accepts: (cluster: Pick<Entry, 'name' | 'labels'>) => boolean = () => true): string[] {
    return [...this.#clusters.values()]
      .filter(accepts)
      .map(({ name }) => name)
      .sort();
  }

  /** Reports clusters whose connections have ended; returns what ends the reports. */
  onEnd(listener: (cluster: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) {
      unsubscribe();
    }

    for (const name of [...this.#known.keys()]) {
      this.#forget(name);
    }
  }

  #open(entry: Entry): Known {
    const source = sourceOf(entry);
    return { source: JSON.stringify(source), member: openMember(entry.name, source, this.#agents) };
  }

  #forget(name: string): void {
    const known = this.#known.get(name);
    this.#known.delete(name);

    known?.member.then(closeMember).catch(() => {});

    for (const listener of this.#listeners) {
      listener(name);
    }
  }
}
