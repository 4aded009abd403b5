import { unlessAborted } from '@ks-apiserver/apimachinery/concurrency/unless-aborted';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeTransport } from '@ks-apiserver/apimachinery/transport/transport';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { Authorizer } from '../authorization/authorizer.ts';
import type { Bindings } from '../authorization/bindings/bindings.ts';
import type { HeldRoles } from '../authorization/bindings/held-roles.ts';
import type { Visibility } from '../authorization/visible-namespaces.ts';
import { missing } from '../iam/errors.ts';
import type { Catalog } from '../resources/catalog/catalog.ts';
import type { MemberClusters } from './member-clusters.ts';

/** How long a member is followed after its last use, in milliseconds. */
const IDLE_MS = 10 * 60_000;

/** How long the first lists of a member's roles and bindings may take, in milliseconds. */
const START_TIMEOUT_MS = 30_000;

/** What a member cluster has, and what callers may do in it. */
export interface MemberScope {
  /** Also reads what the host keeps for a member without KubeSphere. */
  client: KubeClient;
  /** The member's own API. */
  transport: KubeTransport;
  catalog: Catalog;
  authorizer: Authorizer;
  bindings: Bindings;
  held: HeldRoles;
  visibility: Visibility;
  /** Aborted when the member is not followed any more. */
  ended: AbortSignal;
  /** Ends what follows the member. */
  close(): Promise<void>;
}

/** A member whose scope is opened. */
export interface OpenedMember {
  name: string;
  transport: KubeTransport;
  /** Whether the member has users, roles and workspaces of its own; those of the host count else. */
  hasKubeSphere: boolean;
}

/** Starts to follow a member. Rejects when its first lists do not arrive in time. */
export type OpenScope = (member: OpenedMember, signal: AbortSignal) => Promise<MemberScope>;

/** A scope while it is used. */
export interface ScopeLease {
  scope: MemberScope;
  /** To be called once, when the scope is not used any more. */
  release(): void;
}

interface Kept {
  scope: Promise<MemberScope>;
  users: number;
  idle: NodeJS.Timeout | undefined;
}

/** Scopes of the members that are in use: each is opened when first asked for, and ends unused. */
export class MemberScopes {
  readonly #members: MemberClusters;
  readonly #open: OpenScope;
  readonly #idleMs: number;
  readonly #kept = new Map<string, Kept>();
  readonly #unsubscribe: () => void;

  constructor(members: MemberClusters, open: OpenScope, { idleMs = IDLE_MS } = {}) {
    this.#members = members;
    this.#open = open;
    this.#idleMs = idleMs;
    this.#unsubscribe = members.onEnd((cluster) => this.#end(cluster));
  }

  /**
   * Returns a member's scope, which stays open while it is used and for some minutes after. Rejects
   * with a StatusError for clusters that cannot be read; when `signal` ends the wait, opening goes on.
   */
  async use(cluster: string, signal: AbortSignal): Promise<ScopeLease> {
    const kept = this.#kept.get(cluster) ?? (await this.#start(cluster));

    kept.users += 1;
    clearTimeout(kept.idle);

    try {
      const scope = await unlessAborted(kept.scope, signal);
      return { scope, release: () => this.#release(cluster, kept) };
    } catch (error) {
      this.#release(cluster, kept);
      throw error;
    }
  }

  /** Whether a member is followed now. */
  isOpen(cluster: string): boolean {
    return this.#kept.has(cluster);
  }

  /** Ends all scopes. */
  close(): void {
    this.#unsubscribe();

    for (const cluster of [...this.#kept.keys()]) {
      this.#end(cluster);
    }
  }

  async #start(cluster: string): Promise<Kept> {
    const member = await this.#members.find(cluster);
    if (!member) {
      throw missing('cluster', 'cluster.kubesphere.io', cluster);
    }
    if (member.state !== 'ready' || !member.kubernetes) {
      const why = member.state === 'ready' ? 'has no kubeconfig' : 'is not ready';
      throw new StatusError(500, 'InternalError', `cluster ${cluster} ${why}`);
    }

    // Another call may have been faster.
    const started = this.#kept.get(cluster);
    if (started) {
      return started;
    }

    const { kubernetes: transport, kubesphere } = member;
    const hasKubeSphere = kubesphere !== undefined;
    const opened = { name: cluster, transport, hasKubeSphere };
    const scope = this.#open(opened, AbortSignal.timeout(START_TIMEOUT_MS));
    const kept: Kept = { scope, users: 0, idle: undefined };

    this.#kept.set(cluster, kept);

    scope.catch(() => {
      if (this.#kept.get(cluster) === kept) {
        this.#kept.delete(cluster);
      }
    });

    return kept;
  }

  #release(cluster: string, kept: Kept): void {
    kept.users -= 1;

    if (kept.users === 0) {
      kept.idle = setTimeout(() => {
        if (this.#kept.get(cluster) === kept) {
          this.#end(cluster);
        }
      }, this.#idleMs).unref();
    }
  }

  #end(cluster: string): void {
    const kept = this.#kept.get(cluster);
    this.#kept.delete(cluster);
    clearTimeout(kept?.idle);
    kept?.scope.then((scope) => scope.close()).catch(() => {});
  }
}
