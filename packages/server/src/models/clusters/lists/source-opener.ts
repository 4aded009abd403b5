import type { Awaitable } from '@ks-apiserver/apimachinery/concurrency/when-ready';
import { StatusError, statusCodeOf } from '@ks-apiserver/apimachinery/meta/errors';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { InformerStore } from '@ks-apiserver/client/informer/informer-store';
import type { ResourceDefinition } from '../../resources/query/resource-definition.ts';
import type { MemberScopes, ScopeLease } from '../member-scopes.ts';
import {
  type AccessIn,
  accessKey,
  type ClusterScope,
  type ClusterSource,
  type SourceAccess,
} from './cluster-source.ts';
import { callerAmong } from './member-caller.ts';
import { type Patience, TooLate, type WaitingTime } from './patience.ts';

/** What a list is asked for with. */
export interface SourceRequest {
  /** Plural name of the resource, or `plural.group`. */
  resources: string;
  caller: UserInfo;
  accessIn: AccessIn;
  /** How long it may be waited for. */
  time: WaitingTime;
}

/** What is found of a list in one cluster. */
export type Found =
  | { state: 'found'; source: ClusterSource; release(): void }
  | { state: 'forbidden' }
  | { state: 'unserved'; reason: string }
  | {
      state: 'unreachable';
      reason: string;
      /** Whether it is known that the caller may read the list there. */
      isPermitted: boolean;
    };

const NO_RELEASE = () => {};

/** Says why a cluster cannot be read, without what its servers say: that is not for everybody. */
function reasonOf(error: unknown): string {
  if (error instanceof TooLate) {
    return 'it has not answered yet; it is waited for in the background';
  }
  if (error instanceof StatusError && (error.code === 401 || error.code === 403)) {
    return 'it refuses the credentials of its Cluster';
  }
  if (error instanceof StatusError && error.code === 500) {
    return 'it is not ready, or its Cluster has no kubeconfig';
  }

  if (statusCodeOf(error) === 507) {
    return 'its objects take more memory than one cluster may';
  }

  return 'it cannot be reached';
}

/** Returns a check of whether a list that was found is still the same for its caller. */
function currentCheck(
  {
    scope,
    definition,
    store,
    access,
  }: Pick<ClusterSource, 'definition' | 'store' | 'access'> & { scope: ClusterScope },
  accessNow: () => SourceAccess | undefined,
): () => boolean {
  const { catalog, visibility, ended } = scope;
  let { version } = visibility;

  return () => {
    if (ended?.aborted || catalog.storeOf(definition) !== store) {
      return false;
    }
    // Nothing to look at while nobody's rights have changed.
    if (visibility.version === version) {
      return true;
    }

    version = visibility.version;

    const now = accessNow();

    return now !== undefined && accessKey(now) === accessKey(access);
  };
}

/** Finds a list in one cluster after the other, each within the time of the request. */
export class SourceOpener {
  readonly #scopes: Pick<MemberScopes, 'use'>;
  readonly #host: ClusterScope;
  readonly #patience: Patience;

  constructor(scopes: Pick<MemberScopes, 'use'>, host: ClusterScope, patience: Patience) {
    this.#scopes = scopes;
    this.#host = host;
    this.#patience = patience;
  }

  /** Finds a list in the host's own cluster. */
  async inHost(cluster: string, request: SourceRequest): Promise<Found> {
    return this.#guarded(async () => {
      const found = await this.#find(cluster, this.#host, request.caller, request);
      return found.state === 'found' ? { ...found, release: NO_RELEASE } : found;
    });
  }

  /** Finds a list in a member, which is followed as long as the list is used. */
  async inMember(cluster: string, request: SourceRequest): Promise<Found> {
    return this.#guarded(async () => {
      const { scope, release } = await this.#lease(cluster, request.time);

      try {
        const found = await this.#findForCaller(cluster, scope, request);
        if (found.state === 'found') {
          return { ...found, release };
        }

        release();
        return found;
      } catch (error) {
        release();
        throw error;
      }
    });
  }

  #lease(cluster: string, time: WaitingTime): Promise<ScopeLease> {
    return this.#patience.within(cluster, time, async (signal) => {
      const lease = await this.#scopes.use(cluster, signal);
      if (signal.aborted) {
        lease.release();
        throw signal.reason;
      }

      return lease;
    });
  }

  async #findForCaller(
    cluster: string,
    scope: ClusterScope,
    request: SourceRequest,
  ): Promise<Found> {
    const { caller, time } = request;
    const users = await this.#synced(scope, scope.catalog.definition('users'), {
      key: `${cluster} users`,
      time,
    });
    const there = callerAmong(users, caller);

    return there ? this.#find(cluster, scope, there, request) : { state: 'forbidden' };
  }

  /** Returns the store of a kind when it is synced, as long as there is time. */
  #synced(
    { catalog }: ClusterScope,
    definition: ResourceDefinition,
    { key, time }: { key: string; time: WaitingTime },
  ): Awaitable<InformerStore> {
    return (
      catalog.ready(definition) ??
      this.#patience.within(key, time, (signal) => catalog.synced(definition, { signal }))
    );
  }

  async #guarded(find: () => Promise<Found>): Promise<Found> {
    try {
      return await find();
    } catch (error) {
      // What the caller has got wrong is the same in all clusters.
      if (error instanceof StatusError && error.code === 400) {
        throw error;
      }

      return { state: 'unreachable', reason: reasonOf(error), isPermitted: false };
    }
  }

  async #find(
    cluster: string,
    scope: ClusterScope,
    caller: UserInfo,
    { resources, accessIn, time }: SourceRequest,
  ): Promise<Found> {
    const { catalog } = scope;
    const key = `${cluster} ${resources}`;
    const resolved = catalog.resolve(resources);
    const definition =
      resolved instanceof Promise
        ? await this.#patience.within(key, time, () => resolved)
        : resolved;
    if (!definition) {
      return { state: 'unserved', reason: `it has no ${resources}` };
    }

    const access = accessIn(scope, definition, caller);
    if (!access) {
      return { state: 'forbidden' };
    }

    let store: InformerStore;

    try {
      store = await this.#synced(scope, definition, { key, time });
    } catch (error) {
      const cause = catalog.informer(definition).error ?? error;
      const reason = reasonOf(statusCodeOf(cause) === 507 ? cause : error);

      return { state: 'unreachable', reason, isPermitted: true };
    }

    if (scope !== this.#host && store === this.#hostStore(definition)) {
      return { state: 'unserved', reason: `its ${definition.resource} are those of the host` };
    }

    const { served, staleSince } = catalog.informer(definition);
    if (!served) {
      return { state: 'unserved', reason: `it has no ${resources}` };
    }

    const source = {
      cluster,
      definition,
      catalog,
      store,
      access,
      staleSince,
      stale: () => catalog.staleness(definition)?.replaceAll(';', `;cluster=${cluster};`),
      isCurrent: currentCheck({ scope, definition, store, access }, () =>
        accessIn(scope, definition, caller),
      ),
    };

    return { state: 'found', source, release: NO_RELEASE };
  }

  /** Returns the store of the host's own list of a kind, which members without it share. */
  #hostStore(definition: ResourceDefinition) {
    const { catalog } = this.#host;
    const own = catalog.find(definition.resource);
    return own && own.group === definition.group ? catalog.storeOf(own) : undefined;
  }
}
